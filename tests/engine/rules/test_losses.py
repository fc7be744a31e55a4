"""Reported losses against cross-entropies computed here from what was stored, and what is minimised."""

import copy
import itertools

import numpy as np
import pytest
import torch
from scipy.special import logsumexp
from torch.nn import functional as F

from paribus.engine.evaluate import Scorer
from paribus.engine.provenance.version import OLDEST, engine_version
from paribus.engine.run import run_trial
from paribus.engine.run_reference import run_reference_trial
from paribus.nn.build import build_network, load_weights
from paribus.nn.initial import initial_weights
from paribus.nn.losses import build_loss
from paribus.nn.spec import ModelSpec
from paribus.nn.training import TrainSpec
from paribus.reference.network import build_reference
from tests.engine.groups import data_of, study, together, trials_of

PENALTY = {"l1": 0.01, "l2": 0.03}
LOSSES = (
    "categorical_crossentropy",
    "sparse_categorical_crossentropy",
    "mean_squared_error",
    "half_squared_error",
    "binary_crossentropy",
)


def losses_of(outputs, labels, loss, smoothing):
    """The loss of every example, from the outputs of the last layer in float64."""
    classes = outputs.shape[1]
    targets = np.eye(classes)[labels] * (1 - smoothing)
    targets += smoothing / (2 if loss == "binary_crossentropy" else classes)
    if loss == "binary_crossentropy":
        both = targets * np.log(outputs) + (1 - targets) * np.log1p(-outputs)
        return -both.mean(1)
    if loss == "mean_squared_error":
        return ((outputs - targets) ** 2).mean(1)
    if loss == "half_squared_error":
        return ((outputs - targets) ** 2).sum(1) / 2
    shares = outputs / outputs.sum(1, keepdims=True)
    return -(targets * np.log(shares)).sum(1)


def small(loss, smoothing, penalty, final="softmax", **train):
    layer = {"units": 10, "activation": final, "name": "output"}
    hidden = {"units": 6, "activation": "relu", "name": "hidden"}
    if penalty:
        hidden["kernel_regularizer"] = PENALTY
        layer["bias_regularizer"] = PENALTY
    mapping = study(["Flatten", {"Dense": hidden}], seeds=2)
    mapping["model"]["layers"][-1] = {"Dense": layer}
    mapping["train"] |= {"loss": loss, "label_smoothing": smoothing, **train}
    return mapping


def outcomes_of(backend, mapping):
    mapping = copy.deepcopy(mapping)
    if backend == "reference":
        mapping["train"]["backend"] = "numpy"
    trials = trials_of(mapping)
    data = data_of(trials)
    if backend == "group":
        return trials, data, together(trials, data, size=len(trials) + 1)
    runner = run_reference_trial if backend == "reference" else run_trial
    found = []
    for trial in trials:
        records = []
        found.append((runner(trial, data, emit=records.append), records))
    return trials, data, found


def outputs_of(trial, data, weights, images):
    """What the last layer puts out, by a network of float64 that is built here."""
    x = images.take(slice(None)).astype(np.float64).reshape(len(images), -1)
    hidden = x @ weights["hidden/kernel"].T.astype(np.float64) + weights["hidden/bias"]
    raw = np.maximum(hidden, 0) @ weights["output/kernel"].T.astype(np.float64)
    raw += weights["output/bias"]
    if trial.variant.model["layers"][-1]["Dense"]["activation"] == "sigmoid":
        return 1 / (1 + np.exp(-raw))
    powers = np.exp(raw - raw.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def penalty_of(weights):
    found = 0.0
    for name in ("hidden/kernel", "output/bias"):
        values = weights[name].astype(np.float64)
        found += PENALTY["l1"] * np.abs(values).sum() + PENALTY["l2"] * (values**2).sum()
    return found


@pytest.mark.parametrize("backend", ["single", "group", "reference"])
@pytest.mark.parametrize(
    ("loss", "smoothing", "penalty"), list(itertools.product(LOSSES, (0.0, 0.3), (False, True)))
)
def test_losses_have_neither_smoothing_nor_penalty_and_the_objective_has_both(
    backend, loss, smoothing, penalty
):
    trials, data, found = outcomes_of(backend, small(loss, smoothing, penalty, epochs=1))
    for trial, (outcome, records) in zip(trials, found, strict=True):
        held_out = outputs_of(trial, data, outcome.weights, data.validation_images)
        val_loss = losses_of(held_out, data.validation_labels, loss, 0.0).mean()
        assert outcome.metrics["val_loss"] == pytest.approx(val_loss, rel=1e-5)
        assert records[-1].metrics["val_loss"] == outcome.metrics["val_loss"]
        seen = outputs_of(trial, data, outcome.weights, data.train_images)
        plain = losses_of(seen, data.train_labels, loss, 0.0).mean()
        smoothed = losses_of(seen, data.train_labels, loss, smoothing).mean()
        extra = penalty_of(outcome.weights) if penalty else 0.0
        assert outcome.metrics["loss"] == pytest.approx(plain, rel=1e-5)
        assert outcome.metrics["objective"] == pytest.approx(smoothed + extra, rel=1e-5)
        if not penalty and not smoothing:
            assert outcome.metrics["objective"] == outcome.metrics["loss"]
            assert records[-1].metrics["objective"] == records[-1].metrics["loss"]
        else:
            assert abs(outcome.metrics["objective"] - outcome.metrics["loss"]) > 1e-3


@pytest.mark.parametrize("backend", ["single", "group", "reference"])
def test_the_penalty_of_every_member_is_its_own(backend):
    mapping = small("categorical_crossentropy", 0.0, True, epochs=1)
    mapping["factors"] = {
        "penalty": {"weak": {}, "strong": {"set": {"model.hidden.kernel_regularizer": {"l2": 3.0}}}}
    }
    trials, _, found = outcomes_of(backend, mapping)
    for trial, (outcome, records) in zip(trials, found, strict=True):
        kernel = outcome.weights["hidden/kernel"].astype(np.float64)
        bias = outcome.weights["output/bias"].astype(np.float64)
        extra = PENALTY["l1"] * np.abs(bias).sum() + PENALTY["l2"] * (bias**2).sum()
        strong = trial.variant.levels["penalty"] == "strong"
        extra += 3 * (kernel**2).sum() if strong else penalty_of(outcome.weights) - extra
        for metrics in (outcome.metrics, records[-1].metrics):
            assert metrics["objective"] - metrics["loss"] == pytest.approx(extra, rel=1e-4)


@pytest.mark.parametrize("backend", ["single", "group", "reference"])
@pytest.mark.parametrize("final", ["softmax", "sigmoid", "linear"])
def test_log_losses_come_from_stored_logarithms(backend, final):
    mapping = small("categorical_crossentropy", 0.2, False, final, epochs=1)
    _, _, found = outcomes_of(backend, mapping)
    for outcome, _ in found:
        (kept,) = outcome.predictions
        rows = np.arange(len(kept.labels))
        log_loss = -kept.log_probabilities[rows, kept.labels].astype(np.float64).mean()
        assert outcome.metrics["val_loss"] == pytest.approx(log_loss, rel=1e-5)
        np.testing.assert_allclose(np.exp(kept.log_probabilities), kept.probabilities, rtol=1e-4)
        assert kept.log_probabilities.dtype == np.float32
        assert kept.log_probabilities.flags.c_contiguous


@pytest.mark.parametrize("backend", ["single", "group", "reference"])
@pytest.mark.parametrize("final", ["softmax", "linear"])
def test_a_log_loss_is_finite_where_probabilities_are_zero(backend, final):
    """A step of this rate gives outputs of many thousands: most probabilities underflow."""
    mapping = small("categorical_crossentropy", 0.0, False, final, epochs=1)
    mapping["train"]["optimizer"] = {"Adam": {"learning_rate": 300.0}}
    del mapping["model"]["layers"][1]
    _, _, found = outcomes_of(backend, mapping)
    for outcome, _ in found:
        (kept,) = outcome.predictions
        assert outcome.status == "done"
        of_label = kept.log_probabilities[np.arange(len(kept.labels)), kept.labels]
        assert np.isfinite(kept.log_probabilities).all()
        np.testing.assert_allclose(kept.probabilities.sum(1), 1, rtol=1e-5)
        assert (of_label < -104).any()  # e^-104 is zero in float32
        assert outcome.metrics["val_loss"] == pytest.approx(-of_label.mean(), rel=1e-4)


@pytest.mark.parametrize("final", ["softmax", "sigmoid", "linear"])
def test_probabilities_of_outputs_that_underflow_are_shares_of_one(final):
    raw = np.array([[-200.0, -201.0, -1000.0], [400.0, -400.0, 0.0], [-3e4, -3e4, -4e4]])
    logs = -np.logaddexp(0, -raw) if final == "sigmoid" else raw
    expected = logs - logsumexp(logs, axis=1, keepdims=True)
    spec = ModelSpec.parse({"layers": ["Flatten", {"Dense": {"units": 3, "activation": final}}]})
    spec = spec.resolved()
    network = build_network(spec, (2, 2, 1))
    stored = torch.from_numpy(raw).float()
    np.testing.assert_allclose(network.log_probabilities(stored), expected, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(
        network.probabilities(stored), np.exp(expected), rtol=1e-4, atol=1e-30
    )
    with np.errstate(over="ignore"):
        _same_reference(spec, raw, expected)


def _same_reference(spec, raw, expected):
    reference = build_reference(spec, (2, 2, 1), initial_weights(spec, (2, 2, 1), 0))
    np.testing.assert_allclose(reference.log_probabilities(raw), expected, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(reference.probabilities(raw), np.exp(expected), rtol=1e-11)


def test_smoothing_still_trains_on_smoothed_labels():
    """One step of gradient descent against PyTorch's own loss."""
    mapping = small("categorical_crossentropy", 0.3, True, epochs=1, batch_size=359, seeds=1)
    mapping["train"].pop("seeds")
    trial = trials_of(mapping)[0]
    data = data_of([trial])
    outcome = run_trial(trial, data, emit=lambda _: None)
    model = ModelSpec.parse(trial.variant.model)
    start = initial_weights(model, data.train_images.image_shape, trial.seed)
    tensors = {name: torch.from_numpy(value.copy()).double() for name, value in start.items()}
    for tensor in tensors.values():
        tensor.requires_grad_()
    x = torch.from_numpy(data.train_images.take(slice(None))).double().flatten(1)
    hidden = torch.relu(x @ tensors["hidden/kernel"].T + tensors["hidden/bias"])
    raw = hidden @ tensors["output/kernel"].T + tensors["output/bias"]
    loss = F.cross_entropy(raw, torch.from_numpy(data.train_labels), label_smoothing=0.3)
    for name in ("hidden/kernel", "output/bias"):
        loss = loss + PENALTY["l1"] * tensors[name].abs().sum()
        loss = loss + PENALTY["l2"] * tensors[name].square().sum()
    loss.backward()
    for name, tensor in tensors.items():
        expected = (tensor - 0.05 * tensor.grad).detach().numpy()
        np.testing.assert_allclose(outcome.weights[name], expected, rtol=1e-4, atol=1e-6)


def test_early_stopping_and_the_best_epoch_follow_the_plain_loss():
    """Smoothed and plain validation losses have their minima in different epochs here."""
    mapping = small("categorical_crossentropy", 0.5, False, epochs=40, batch_size=20)
    mapping["train"] |= {"optimizer": {"Adam": {"learning_rate": 0.05}}, "checkpoint": "best"}
    trial = trials_of(mapping)[0]
    data = data_of([trial])
    records = []
    outcome = run_trial(trial, data, emit=records.append)
    plain = [record.metrics["val_loss"] for record in records]
    assert outcome.observed.kept_epoch == int(np.argmin(plain)) + 1
    network = build_network(ModelSpec.parse(trial.variant.model), data.train_images.image_shape)
    load_weights(network, outcome.weights)
    network.eval()
    x = torch.from_numpy(data.validation_images.take(slice(None))).permute(0, 3, 1, 2)
    with torch.no_grad():
        found = F.cross_entropy(network(x), torch.from_numpy(data.validation_labels))
    assert min(plain) == pytest.approx(float(found), rel=1e-5)


def test_only_trials_with_smoothed_labels_have_a_new_version():
    plain, smoothed = (
        trials_of(small("categorical_crossentropy", value, True))[0].variant for value in (0.0, 0.1)
    )
    assert engine_version(plain) == OLDEST
    assert engine_version(smoothed) == 4


def test_without_smoothing_there_is_one_loss_function_and_nothing_is_computed_twice():
    train = TrainSpec.parse({"optimizer": "SGD", "epochs": 1, "batch_size": 8}, "keras")
    scorer = Scorer.of(train, "softmax", 3)
    assert scorer.loss is scorer.objective
    smoothed = train.model_copy(update={"label_smoothing": 0.1})
    scorer = Scorer.of(smoothed, "softmax", 3)
    raw, labels = torch.randn(5, 3), torch.tensor([0, 1, 2, 0, 1])
    assert torch.equal(
        scorer.loss(raw, labels, "sum"), F.cross_entropy(raw, labels, reduction="sum")
    )
    expected = build_loss(smoothed, "softmax", 3)(raw, labels, "sum")
    assert torch.equal(scorer.objective(raw, labels, "sum"), expected)
