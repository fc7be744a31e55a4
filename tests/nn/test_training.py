"""Losses, optimizers, schedules and their constants against Keras and torch."""

import inspect
import os

import numpy as np
import pytest
import torch

os.environ.setdefault("KERAS_BACKEND", "torch")
import keras

from paribus.keyed import generator
from paribus.nn.early_stopping import best_epoch, should_stop
from paribus.nn.losses import build_loss
from paribus.nn.optimizers import build_optimizer
from paribus.nn.schedules import learning_rate
from paribus.nn.training import OPTIMIZERS, Cosine, EarlyStopping, OneCycle, Step, TrainSpec

# Keras's own conversion of its variables to NumPy raises it.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")


def spec(optimizer="SGD", profile="keras", **more):
    return TrainSpec.parse({"optimizer": optimizer, "epochs": 1, "batch_size": 1, **more}, profile)


def constants(name, profile):
    return OPTIMIZERS[name]().resolved(profile)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_keras_constants_are_kerass_own(name):
    own = constants(name, "keras")
    theirs = getattr(keras.optimizers, name)().get_config()
    for field in type(own).model_fields:
        expected = theirs["weight_decay"] or 0.0 if field == "weight_decay" else theirs[field]
        assert getattr(own, field) == pytest.approx(expected), field


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_torch_constants_are_torchs_own(name):
    own = constants(name, "torch")
    signature = inspect.signature(getattr(torch.optim, {"Nadam": "NAdam"}.get(name, name)))
    theirs = {k: p.default for k, p in signature.parameters.items()}
    theirs |= {
        "learning_rate": theirs["lr"],
        "epsilon": theirs.get("eps"),
        "rho": theirs.get("rho", theirs.get("alpha")),
    }
    if "betas" in theirs:
        theirs["beta_1"], theirs["beta_2"] = theirs["betas"]
    for field in type(own).model_fields:
        assert getattr(own, field) == pytest.approx(theirs[field]), field


CASES = [
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("Adam", {"weight_decay": 0.1}),
    ("AdamW", {}),
    ("Nadam", {}),
    ("RMSprop", {"momentum": 0.9, "centered": True}),
    ("RMSprop", {}),
    ("Adagrad", {}),
    ("Adadelta", {"learning_rate": 1.0}),
]


@pytest.mark.parametrize("profile", ["keras", "torch"])
@pytest.mark.parametrize(("name", "given"), CASES, ids=str)
def test_twenty_steps_equal_the_frameworks_own(name, given, profile):
    start = generator(0, "sample").standard_normal((4, 3)).astype(np.float32)
    gradients = generator(1, "sample").standard_normal((20, 4, 3)).astype(np.float32)
    own = torch.nn.Parameter(torch.tensor(start))
    optimizer = build_optimizer(spec({name: given}, profile), [own], profile)
    if profile == "keras":
        variable = keras.Variable(start)
        reference = getattr(keras.optimizers, name)(**given)
        reference.build([variable])
    else:
        variable = torch.nn.Parameter(torch.tensor(start))
        translated = {"learning_rate": "lr"}
        arguments = {translated.get(k, k): v for k, v in given.items()}
        reference = getattr(torch.optim, {"Nadam": "NAdam"}.get(name, name))(
            [variable], **arguments
        )
    for gradient in gradients:
        own.grad = torch.tensor(gradient)
        optimizer.step()
        if profile == "keras":
            reference.apply([torch.tensor(gradient)], [variable])
        else:
            variable.grad = torch.tensor(gradient)
            reference.step()
    expected = variable.value.detach().numpy() if profile == "keras" else variable.detach().numpy()
    assert np.abs(expected - start).max() > 1e-3
    np.testing.assert_allclose(own.detach().numpy(), expected, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_state_restored_goes_on_bit_for_bit(name):
    def run(count, state=None, weights=None):
        own = torch.nn.Parameter(torch.ones(3) if weights is None else weights.clone())
        optimizer = build_optimizer(spec(name), [own], "keras")
        if state:
            optimizer.restore(state)
        for k in range(count):
            own.grad = torch.tensor([0.1, -0.2, 0.3]) * (k + 1 + (10 if state else 0))
            optimizer.step()
        return own.detach(), {k: v.clone() for k, v in optimizer.tensors().items()}

    def whole():
        own = torch.nn.Parameter(torch.ones(3))
        optimizer = build_optimizer(spec(name), [own], "keras")
        for k in [*range(1, 11), *range(11, 16)]:
            own.grad = torch.tensor([0.1, -0.2, 0.3]) * k
            optimizer.step()
        return own.detach()

    weights, state = run(10)
    assert torch.equal(run(5, state, weights)[0], whole())


RAW = torch.tensor(generator(3, "sample").normal(0, 3, (6, 4)).astype(np.float32))
LABELS = torch.tensor([0, 3, 1, 2, 2, 0])
ONE_HOT = torch.nn.functional.one_hot(LABELS, 4).float()


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("activation", ["softmax", "sigmoid", "linear"])
@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("categorical_crossentropy", "CategoricalCrossentropy"),
        ("binary_crossentropy", "BinaryCrossentropy"),
        ("mean_squared_error", "MeanSquaredError"),
    ],
)
def test_losses_equal_kerass(name, reference, activation, smoothing):
    loss = build_loss(spec(loss=name, label_smoothing=smoothing), activation, 4)
    output = {"softmax": torch.softmax(RAW, 1), "sigmoid": torch.sigmoid(RAW), "linear": RAW}[
        activation
    ]
    options, targets = {}, ONE_HOT
    if name == "mean_squared_error":
        targets = ONE_HOT * (1 - smoothing) + smoothing / 4
    else:
        options = {"from_logits": activation == "linear", "label_smoothing": smoothing}
    expected = float(getattr(keras.losses, reference)(**options)(targets, output))
    assert loss(RAW, LABELS, "mean").item() == pytest.approx(expected, rel=1e-4)
    assert loss(RAW, LABELS, "sum").item() == pytest.approx(6 * expected, rel=1e-4)


@pytest.mark.parametrize("activation", ["softmax", "sigmoid", "linear"])
def test_half_the_squared_error_is_the_textbooks(activation):
    output = {"softmax": torch.softmax(RAW, 1), "sigmoid": torch.sigmoid(RAW), "linear": RAW}[
        activation
    ]
    expected = float(((output - ONE_HOT) ** 2).sum()) / (2 * len(RAW))
    loss = build_loss(spec(loss="half_squared_error"), activation, 4)
    assert loss(RAW, LABELS, "mean").item() == pytest.approx(expected, rel=1e-6)
    assert loss(RAW, LABELS, "none").sum().item() == pytest.approx(6 * expected, rel=1e-6)


def test_sparse_and_categorical_agree_and_extreme_logits_stay_finite():
    sparse = build_loss(spec(loss="sparse_categorical_crossentropy"), "softmax", 4)
    dense = build_loss(spec(), "softmax", 4)
    assert torch.equal(sparse(RAW, LABELS, "mean"), dense(RAW, LABELS, "mean"))
    for name in ("categorical_crossentropy", "binary_crossentropy"):
        for activation in ("softmax", "sigmoid", "linear"):
            raw = (RAW * 1e4).requires_grad_()
            value = build_loss(spec(loss=name), activation, 4)(raw, LABELS, "mean")
            value.backward()
            assert torch.isfinite(value)
            assert torch.isfinite(raw.grad).all()


def rates(schedule, steps, per_epoch):
    return [
        learning_rate(schedule, 0.5, step=s, num_steps=steps, steps_per_epoch=per_epoch)
        for s in range(steps)
    ]


def torch_rates(make, steps):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], 0.5)
    scheduler = make(optimizer)
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return found


def test_schedules_equal_torchs():
    lr = torch.optim.lr_scheduler
    cosine = torch_rates(lambda o: lr.CosineAnnealingLR(o, 40, 0.05), 40)
    assert rates(Cosine(final=0.1), 40, 10) == pytest.approx(cosine)
    step = torch_rates(lambda o: lr.StepLR(o, 20, 0.1), 40)
    assert rates(Step(every=2, factor=0.1), 40, 10) == pytest.approx(step)
    cycle = torch_rates(lambda o: lr.OneCycleLR(o, 0.5, total_steps=41), 40)
    assert rates(OneCycle(), 41, 10)[:40] == pytest.approx(cycle)


def test_early_stopping_follows_kerass_rule():
    rule = EarlyStopping(monitor="val_accuracy", patience=2, min_delta=0.01)
    values = [0.5, 0.6, 0.605, 0.608, 0.9]
    stopped = [should_stop(rule, values[:k]) for k in range(1, 6)]
    assert stopped == [False, False, False, True, False]
    assert best_epoch("val_accuracy", values) == 4
    assert best_epoch("val_loss", [2.0, 1.0, 1.0]) == 1
