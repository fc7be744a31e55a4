"""The training loop against an independent one, and the promises about control."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from paribus.data.image_arrays import ImageSet
from paribus.data.load import load_dataset
from paribus.data.prepare import prepare
from paribus.data.spec import DataSpec
from paribus.engine.run import run_trial
from paribus.keyed import generator, key
from paribus.nn.initial import initial_weights
from paribus.nn.spec import ModelSpec
from paribus.study.expand import expand
from paribus.study.identity import plan_trials
from paribus.study.load import study_from_mapping

SHAPE = (8, 8, 1)


def trials_of(mapping):
    plan = expand(study_from_mapping(mapping))
    return plan_trials(plan, {v.name: "digits" for v in plan.variants}, lambda _: 1)


def data_of(trial, fit_on="train"):
    spec = DataSpec.parse(trial.variant.data)
    return prepare(load_dataset(spec), spec, seed=trial.seed, fit_on=fit_on)


def run(trial, data=None, **options):
    records = []
    outcome = run_trial(trial, data or data_of(trial), emit=records.append, **options)
    return outcome, records


def splitmix64(key, count):
    """Steele, Lea & Flood 2014, one number after another in Python's integers."""
    mask, state, numbers = (1 << 64) - 1, key, []
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & mask
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        numbers.append(z ^ (z >> 31))
    return numbers


def dropout_mask(seed, layer, epoch, shapes, rate):
    """The masks of an epoch, drawn again from the documented key, independent of the module."""
    threshold = round(rate * 65536)
    sizes = [(math.prod(shape) + 3) // 4 for shape in shapes]
    numbers = iter(splitmix64(key(seed, "dropout", layer, epoch) % (1 << 64), sum(sizes)))
    for shape, size in zip(shapes, sizes, strict=True):
        draws = [next(numbers) for _ in range(size)]
        bits = [(word >> shift) & 0xFFFF for word in draws for shift in (0, 16, 32, 48)]
        kept = torch.tensor(bits[: math.prod(shape)]).view(shape) >= threshold
        yield kept.double() * 65536 / (65536 - threshold)


def keras_formula(name, c):
    """Keras 3's documented update rules, written out for one tensor in float64."""

    def update(p, g, s, t, lr):
        if c.get("weight_decay"):
            p -= lr * c["weight_decay"] * p
        if name == "SGD":
            s["v"] = c["momentum"] * s.get("v", 0) - lr * g
            p += c["momentum"] * s["v"] - lr * g if c["nesterov"] else s["v"]
        elif name in ("Adam", "AdamW", "Nadam"):
            s["m"] = c["beta_1"] * s.get("m", 0) + (1 - c["beta_1"]) * g
            s["n"] = c["beta_2"] * s.get("n", 0) + (1 - c["beta_2"]) * g * g
            if name == "Nadam":
                u = lambda k: c["beta_1"] * (1 - 0.5 * 0.96**k)  # noqa: E731
                s["u"] = s.get("u", 1.0) * u(t)
                m = u(t + 1) * s["m"] / (1 - s["u"] * u(t + 1)) + (1 - u(t)) * g / (1 - s["u"])
                p -= lr * m / ((s["n"] / (1 - c["beta_2"] ** t)).sqrt() + c["epsilon"])
            else:
                alpha = lr * math.sqrt(1 - c["beta_2"] ** t) / (1 - c["beta_1"] ** t)
                p -= alpha * s["m"] / (s["n"].sqrt() + c["epsilon"])
        elif name == "RMSprop":
            s["n"] = c["rho"] * s.get("n", 0) + (1 - c["rho"]) * g * g
            p -= lr * g / (s["n"] + c["epsilon"]).sqrt()
        elif name == "Adagrad":
            s["n"] = s.get("n", c["initial_accumulator_value"]) + g * g
            p -= lr * g / (s["n"] + c["epsilon"]).sqrt()
        else:
            s["n"] = c["rho"] * s.get("n", torch.zeros_like(p)) + (1 - c["rho"]) * g * g
            delta = (
                (s.get("d", torch.zeros_like(p)) + c["epsilon"]).sqrt()
                / (s["n"] + c["epsilon"]).sqrt()
                * g
            )
            s["d"] = c["rho"] * s.get("d", 0) + (1 - c["rho"]) * delta * delta
            p -= lr * delta

    return update


def torch_optimizer(name, c, parameters):
    lr, decay = c["learning_rate"], c["weight_decay"]
    betas = (c.get("beta_1"), c.get("beta_2"))
    eps = c.get("epsilon")
    optim = torch.optim
    return {
        "SGD": lambda: optim.SGD(
            parameters, lr, c["momentum"], nesterov=c["nesterov"], weight_decay=decay
        ),
        "Adam": lambda: optim.Adam(parameters, lr, betas, eps, decay),
        "AdamW": lambda: optim.AdamW(parameters, lr, betas, eps, decay),
        "Nadam": lambda: optim.NAdam(parameters, lr, betas, eps, decay),
        "RMSprop": lambda: optim.RMSprop(parameters, lr, c["rho"], eps, decay),
        "Adagrad": lambda: optim.Adagrad(
            parameters, lr, 0, decay, c["initial_accumulator_value"], eps
        ),
        "Adadelta": lambda: optim.Adadelta(parameters, lr, c["rho"], eps, decay),
    }[name]()


def independent_loop(trial, data, num_epochs):
    """A plain loop in float64: conv, relu, pool, dense, relu, dropout, dense."""
    settings = trial.variant.train
    name, constants = next(iter(settings["optimizer"].items()))
    model = ModelSpec.parse(trial.variant.model)
    weights = {
        k: torch.tensor(v, dtype=torch.float64, requires_grad=True)
        for k, v in initial_weights(model, SHAPE, trial.seed).items()
    }
    x = torch.tensor(data.train_images.array(), dtype=torch.float64).permute(0, 3, 1, 2)
    y = torch.tensor(data.train_labels)
    keras = model.defaults == "keras"
    optimizer = None if keras else torch_optimizer(name, constants, list(weights.values()))
    states, steps = {k: {} for k in weights}, 0
    for epoch in range(1, num_epochs + 1):
        order = torch.tensor(generator(trial.seed, "batch order", epoch).permutation(len(x)))
        batches = order.split(settings["batch_size"])
        masks = dropout_mask(
            trial.seed, "hidden_dropout", epoch, [(len(b), 16) for b in batches], 0.3
        )
        for batch, mask in zip(batches, masks, strict=True):
            h = F.conv2d(x[batch], weights["conv/kernel"], weights["conv/bias"]).relu()
            h = F.max_pool2d(h, 2).permute(0, 2, 3, 1).flatten(1)
            h = (h @ weights["hidden/kernel"].T + weights["hidden/bias"]).relu() * mask
            loss = F.cross_entropy(
                h @ weights["output/kernel"].T + weights["output/bias"], y[batch]
            )
            gradients = torch.autograd.grad(loss, list(weights.values()))
            steps += 1
            if optimizer is not None:
                for weight, gradient in zip(weights.values(), gradients, strict=True):
                    weight.grad = gradient
                optimizer.step()
                continue
            with torch.no_grad():
                for (k, weight), gradient in zip(weights.items(), gradients, strict=True):
                    keras_formula(name, constants)(
                        weight, gradient, states[k], steps, constants["learning_rate"]
                    )
    return {k: v.detach().numpy() for k, v in weights.items()}, steps


OPTIMIZERS = [
    {"SGD": {"learning_rate": 0.05}},
    {"SGD": {"learning_rate": 0.05, "momentum": 0.9, "nesterov": True}},
    {"Adam": {}},
    {"AdamW": {"weight_decay": 0.1}},
    {"Nadam": {}},
    {"RMSprop": {}},
    {"Adagrad": {"learning_rate": 0.05}},
    {"Adadelta": {"learning_rate": 1.0}},
]


@pytest.mark.parametrize("profile", ["keras", "torch"])
@pytest.mark.parametrize(
    "optimizer", OPTIMIZERS, ids=lambda o: "-".join([*o, *next(iter(o.values()))])
)
def test_a_trajectory_equals_an_independent_loop(tiny, optimizer, profile):
    tiny["model"]["defaults"] = profile
    tiny["train"] |= {"optimizer": optimizer, "batch_size": 36}
    trial = next(t for t in trials_of(tiny) if t.variant.name == "some")
    data = data_of(trial)
    outcome, _ = run(trial, data)
    expected, steps = independent_loop(trial, data, num_epochs=2)
    assert steps == outcome.observed.optimizer_steps == 20
    start = initial_weights(ModelSpec.parse(trial.variant.model), SHAPE, trial.seed)
    for name, values in expected.items():
        moved = np.abs(values - start[name]).max()
        assert moved > 0
        np.testing.assert_allclose(
            outcome.weights[name], values, rtol=2e-4, atol=2e-5 + 1e-3 * moved
        )


def test_what_a_variant_did_not_change_starts_bit_equal(tiny):
    base, edited = trials_of(tiny)[:2]
    assert (base.variant.name, edited.variant.name) == ("none", "some")
    tiny["factors"]["dropout"]["some"]["insert"]["layers"].append("BatchNormalization")
    other = trials_of(tiny)[1]
    weights = [initial_weights(ModelSpec.parse(t.variant.model), SHAPE, 0) for t in (base, other)]
    assert all((weights[0][name] == weights[1][name]).all() for name in weights[0])
    assert "hidden_batch_normalization/gamma" in weights[1]


def test_the_momentum_of_batch_normalization_changes_no_trained_weight(tiny):
    """Lab B's first epoch is judged on this: momentum is a matter of scoring alone."""
    tiny["model"]["layers"].insert(1, {"BatchNormalization": {"name": "norm"}})
    tiny["factors"] = {"memory": {"long": None, "short": {"set": {"model.norm.momentum": 0.5}}}}
    tiny["claims"] = []
    long, short = (run(t)[0].weights for t in trials_of(tiny) if t.seed == 0)
    moving = {"norm/moving_mean", "norm/moving_variance"}
    assert {name for name in long if not np.array_equal(long[name], short[name])} == moving


def test_more_seeds_or_variants_change_no_trial(tiny):
    before = {t.identity: t for t in trials_of(tiny)}
    tiny["seeds"] = 5
    tiny["factors"]["dropout"]["more"] = {"set": {"model.hidden.units": 32}}
    after = {t.identity: t for t in trials_of(tiny)}
    assert set(before) < set(after)
    some = next(t for t in before.values() if t.variant.name == "some")
    first, again = run(some)[0], run(after[some.identity])[0]
    assert first.metrics == again.metrics
    assert all((first.weights[k] == again.weights[k]).all() for k in first.weights)


def test_resuming_after_any_epoch_changes_no_bit(tiny):
    tiny["train"] |= {"epochs": 4, "optimizer": {"Nadam": {}}, "checkpoint": "best"}
    trial = next(t for t in trials_of(tiny) if t.variant.name == "some")
    saved = []
    whole, _ = run(trial, save=saved.append)
    assert len(saved) == 3
    for checkpoint in saved:
        resumed, _ = run(trial, resume=checkpoint)
        assert resumed.metrics == whole.metrics
        assert all((resumed.weights[k] == whole.weights[k]).all() for k in whole.weights)


def test_an_explosion_is_a_failed_trial_that_names_the_first_tensor(tiny):
    tiny["train"]["optimizer"] = {"SGD": {"learning_rate": 1e30}}
    outcome, records = run(trials_of(tiny)[0])
    assert outcome.status == "failed"
    assert outcome.first_nonfinite.startswith(("weight ", "output of "))
    assert outcome.reason.startswith("the loss is not finite in epoch 1, step ")
    assert not records
    assert not outcome.metrics


def test_a_bad_input_is_named_before_any_layer(tiny):
    trial = trials_of(tiny)[0]
    data = data_of(trial)
    images = data.train_images.array().copy()
    images[:, 0, 0, 0] = np.nan
    outcome, _ = run(trial, replace(data, train_images=ImageSet(images)))
    assert outcome.first_nonfinite == "input"
    assert "epoch 1, step 1" in outcome.reason


def test_train_metrics_are_scored_in_evaluation_mode_on_a_sample_and_in_full_at_the_end(tiny):
    trial = next(t for t in trials_of(tiny) if t.variant.name == "some")
    data = data_of(trial)
    outcome, records = run(trial, data)
    count = data.num_sample
    assert all(
        r.metrics["accuracy"] * count == pytest.approx(round(r.metrics["accuracy"] * count))
        for r in records
    )
    full = outcome.metrics["accuracy"] * len(data.train_labels)
    assert full == pytest.approx(round(full))
    again, _ = run(trial, data)
    assert again.metrics == outcome.metrics
    assert records[-1].metrics["val_accuracy"] == outcome.metrics["val_accuracy"]


def test_predictions_recount_to_the_reported_accuracy(tiny):
    trial = trials_of(tiny)[0]
    outcome, _ = run(trial)
    (predictions,) = outcome.predictions
    recount = (predictions.probabilities.argmax(1) == predictions.labels).mean()
    assert recount == pytest.approx(outcome.metrics["val_accuracy"])
    np.testing.assert_allclose(predictions.probabilities.sum(1), 1, rtol=1e-5)


def test_early_stopping_ends_a_trial_and_best_keeps_the_best_epoch(tiny):
    tiny["train"] |= {
        "epochs": 30,
        "optimizer": {"SGD": {"learning_rate": 0.9}},
        "early_stopping": {"patience": 2},
        "checkpoint": "best",
    }
    outcome, records = run(trials_of(tiny)[0])
    assert 3 <= outcome.epochs == len(records) < 30
    losses = [r.metrics["val_loss"] for r in records]
    assert outcome.observed.kept_epoch == losses.index(min(losses)) + 1
    assert outcome.metrics["val_loss"] == pytest.approx(min(losses))


def test_dropping_the_last_batch_saves_a_step(tiny):
    tiny["train"] |= {"batch_size": 100, "last_batch": "drop"}
    outcome, _ = run(trials_of(tiny)[0])
    assert outcome.observed.optimizer_steps == 2 * (359 // 100)


def test_a_schedule_sets_the_learning_rate(tiny):
    tiny["train"] |= {"schedule": {"step": {"every": 1, "factor": 0.5}}, "epochs": 3}
    _, records = run(trials_of(tiny)[0])
    assert [r.learning_rate for r in records] == pytest.approx([0.01, 0.005, 0.0025])


def test_refitting_joins_train_and_validation(tiny):
    trial = replace(trials_of(tiny)[0], fit_on="train+validation")
    outcome, records = run(trial, data_of(trial, "train+validation"))
    assert outcome.observed.train_examples == 359 + 180
    assert set(records[0].metrics) == {"loss", "accuracy", "objective"}


def test_bf16_is_recorded_and_trains_to_nearly_the_same_loss(tiny):
    exact = trials_of(tiny)[0]
    tiny["train"]["precision"] = "bf16"
    narrow = trials_of(tiny)[0]
    assert narrow.identity != exact.identity
    data = data_of(exact)
    (one, _), (other, _) = run(exact, data), run(narrow, data)
    assert one.observed.precision == "fp32"
    assert other.observed.precision == "bf16"
    assert one.metrics["loss"] != other.metrics["loss"]
    assert other.metrics["loss"] == pytest.approx(one.metrics["loss"], rel=0.05)
    assert all(weight.dtype == np.float32 for weight in other.weights.values())
