"""Whole trainings: the fast engine in float32 against the NumPy reference in float64, same draws."""

import copy

import numpy as np
import pytest

from paribus.engine import run_reference
from paribus.engine.run import run_trial
from paribus.engine.run_reference import run_reference_trial
from tests.engine.groups import data_of, study, trials_of

CONV = {"Conv2D": {"filters": 6, "kernel_size": 3, "activation": "relu"}}
NETWORKS = {
    "lab": [CONV, {"MaxPooling2D": {}}, {"Dropout": {"rate": 0.3}}, "BatchNormalization", "Flatten", {"Dense": {"units": 12, "activation": "relu", "kernel_regularizer": {"l2": 0.01}}}],
    "dense": ["Flatten", {"Dense": {"units": 16, "activation": "tanh"}}, {"Dropout": {"rate": 0.5}}],
    "residual": [CONV, {"Residual": {"layers": [{"Conv2D": {"filters": 6, "kernel_size": 3, "padding": "same"}}, "GroupNormalization"], "activation": "relu"}}, {"SpatialDropout2D": {"rate": 0.2}}, "GlobalAveragePooling2D"],
}  # fmt: skip
NETWORKS["residual"][1]["Residual"]["layers"][1] = {"GroupNormalization": {"groups": 3}}
TRAININGS = {
    "adam": {"optimizer": {"Adam": {"learning_rate": 0.01}}, "schedule": {"cosine": {}}},
    "steps": {"optimizer": {"SGD": {"learning_rate": 0.1, "momentum": 0.9}}, "steps_per_epoch": 7},
    "adadelta": {"optimizer": {"Adadelta": {"learning_rate": 1.0}}, "loss": "mean_squared_error", "label_smoothing": 0.1},
}  # fmt: skip


@pytest.mark.parametrize("training", TRAININGS)
@pytest.mark.parametrize("network", NETWORKS)
def test_the_engine_trains_as_the_reference_does(network, training):
    mapping = study(copy.deepcopy(NETWORKS[network]), seeds=1, train=TRAININGS[training])
    (trial,) = trials_of(mapping)
    data = data_of([trial])
    fast, slow = [], []
    one = run_trial(trial, data, emit=fast.append)
    other = run_reference_trial(trial, data, emit=slow.append)
    assert one.status == other.status == "done"
    for a, b in zip(fast, slow, strict=True):
        assert a.learning_rate == pytest.approx(b.learning_rate)
        for metric in ("loss", "val_loss"):
            assert a.metrics[metric] == pytest.approx(b.metrics[metric], rel=2e-3)
    for name, value in other.weights.items():
        np.testing.assert_allclose(one.weights[name], value, rtol=0.02, atol=2e-3)
    close = np.abs(one.predictions[0].probabilities - other.predictions[0].probabilities)
    assert close.mean() < 1e-3
    for key in ("optimizer_steps", "parameters", "train_examples", "examples_per_epoch", "evaluated_examples"):  # fmt: skip
        assert getattr(one.observed, key) == getattr(other.observed, key)
    ran, also = one.observed.optimizer, other.observed.optimizer
    assert (ran.name, ran.formulas) == (also.name, also.formulas)
    assert ran.constants == pytest.approx(also.constants)
    assert one.observed.first_loss == pytest.approx(other.observed.first_loss, rel=1e-5)


def test_early_stopping_and_the_best_epoch_are_the_same():
    train = {"epochs": 8, "checkpoint": "best", "early_stopping": {"patience": 1, "monitor": "val_accuracy"}, "optimizer": {"SGD": {"learning_rate": 0.5}}}  # fmt: skip
    (trial,) = trials_of(study(["Flatten"], seeds=1, train=train))
    data = data_of([trial])
    one = run_trial(trial, data, emit=lambda _: None)
    other = run_reference_trial(trial, data, emit=lambda _: None)
    assert (one.epochs, one.observed.kept_epoch) == (other.epochs, other.observed.kept_epoch)


@pytest.mark.parametrize("rate", [1e10, 1e38, 1e300])
@pytest.mark.parametrize("loss", ["categorical_crossentropy", "mean_squared_error"])
def test_what_single_precision_cannot_keep_is_a_failure(rate, loss):
    """Networks are kept and tested in single precision: a done trial has finite numbers there, too."""
    layers = ["Flatten", {"Dense": {"name": "hidden", "units": 8, "activation": "relu"}}]
    (trial,) = trials_of(study(layers, seeds=1, train={"loss": loss, "optimizer": {"SGD": {"learning_rate": rate}}}))  # fmt: skip
    outcome = run_reference_trial(trial, data_of([trial]), emit=lambda _: None)
    if outcome.status == "done":
        # A squared error can leave all units dead at once, with small weights.
        assert all(np.isfinite(value).all() for value in outcome.weights.values())
        assert all(np.isfinite(part.log_probabilities).all() for part in outcome.predictions)
        assert loss == "mean_squared_error"
        return
    assert outcome.status == "failed"
    assert outcome.reason.startswith(
        (f"the loss is not finite in epoch {outcome.epochs + 1}", outcome.first_nonfinite)
    )


@pytest.mark.parametrize(("above", "status"), [(1e-6, "done"), (-1e-6, "failed")])
def test_weights_up_to_the_limit_are_kept(above, status, monkeypatch):
    (trial,) = trials_of(study(["Flatten"], seeds=1, train={"optimizer": {"SGD": {"learning_rate": 1e-9}}}))  # fmt: skip
    data = data_of([trial])
    first = run_reference_trial(trial, data, emit=lambda _: None)
    size = max(float(np.abs(value).max()) for value in first.weights.values())
    monkeypatch.setattr(run_reference, "LARGEST", size * (1 + above))
    assert run_reference_trial(trial, data, emit=lambda _: None).status == status
