"""What is found out after a trial: hand-made networks with known numbers, and failures with a known cause."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from paribus.data.load import load_dataset
from paribus.data.prepare import prepare
from paribus.data.spec import DataSpec
from paribus.engine.device_images import DeviceImages
from paribus.engine.inspection import probe
from paribus.engine.inspection.counterfactual import explain_failure
from paribus.engine.inspection.examine import class_counts, contradicted, examine
from paribus.engine.inspection.probe import probe_network
from paribus.engine.run import first_failure, run_trial
from paribus.nn.initial import initial_weights
from paribus.nn.spec import ModelSpec
from paribus.records import Predictions
from paribus.store.observed_json import json_of_observed
from paribus.study.expand import expand
from paribus.study.identity import plan_trials
from paribus.study.load import study_from_mapping

BASE = {
    "study": "s",
    "data": {"source": "digits", "split": {"train": 0.5, "validation": 0.3, "test": 0.2}, "preprocess": ["scale"]},
    "model": {
        "layers": [
            "Flatten",
            {"Dense": {"name": "hidden", "units": 12, "activation": "relu"}},
            {"Dense": {"name": "squashed", "units": 6, "activation": "sigmoid"}},
            {"Dense": {"name": "output", "units": 10, "activation": "softmax"}},
        ]
    },
    "train": {"optimizer": {"SGD": {"learning_rate": 0.1}}, "epochs": 1, "batch_size": 32},
    "seeds": 1,
}  # fmt: skip


def prepared(**train):
    study = copy.deepcopy(BASE)
    study["train"].update(train)
    plan = expand(study_from_mapping(study))
    (trial,) = plan_trials(plan, {plan.variants[0].name: "digits"}, lambda _: 1)
    spec = DataSpec.parse(trial.variant.data)
    return trial, prepare(load_dataset(spec), spec, seed=0)


def weights_of(trial):
    return initial_weights(ModelSpec.parse(trial.variant.model), (8, 8, 1), trial.seed)


def inputs(data, count):
    images = DeviceImages(data.train_images, torch.device("cpu")).batch(torch.arange(count))
    return images.permute(0, 2, 3, 1).flatten(1).double()


def test_dead_and_saturated_units_are_counted():
    trial, data = prepared()
    weights = weights_of(trial)
    weights["hidden/bias"][:] = 0.5
    weights["hidden/bias"][:3] = -1e6
    weights["squashed/bias"][:] = [100, 100, -100, 0, 0, 0]
    found = probe_network(trial, data, weights).layers
    (hidden,) = (row for row in found if row.dead is not None)
    (squashed,) = (row for row in found if row.saturated is not None)
    kernel = torch.from_numpy(weights["hidden/kernel"]).double()
    active = inputs(data, probe.EXAMPLES) @ kernel.T + torch.from_numpy(weights["hidden/bias"]) > 0
    assert hidden.dead == float((~active.any(0)).double().mean())
    assert hidden.dead >= 3 / 12
    assert hidden.units == 12
    assert squashed.saturated == pytest.approx(0.5)


def test_gradients_are_those_of_autograd_on_plain_tensors():
    trial, data = prepared()
    first = weights_of(trial)
    found = probe_network(trial, data, first)
    tensors = {name: torch.from_numpy(value).double().requires_grad_() for name, value in first.items()}  # fmt: skip
    x = inputs(data, probe.GRADIENT_EXAMPLES)
    x = torch.relu(x @ tensors["hidden/kernel"].T + tensors["hidden/bias"])
    x = torch.sigmoid(x @ tensors["squashed/kernel"].T + tensors["squashed/bias"])
    raw = x @ tensors["output/kernel"].T + tensors["output/bias"]
    labels = torch.from_numpy(data.train_labels[: probe.GRADIENT_EXAMPLES])
    nn.functional.cross_entropy(raw, labels).backward()
    for name in ("hidden/kernel", "squashed/kernel", "output/kernel"):
        expected = float(tensors[name].grad.square().mean().sqrt())
        assert found.gradients[name].start == pytest.approx(expected, rel=1e-4)
        assert found.gradients[name].end == pytest.approx(expected, rel=1e-4)


def test_scoring_in_training_mode_shows(monkeypatch):
    trial, data = prepared()
    steady = probe_network(trial, data, weights_of(trial))
    assert steady.twice == 0.0
    assert steady.alone < 1e-6
    draws = iter(range(1000))
    original = probe.Network.probabilities
    monkeypatch.setattr(
        probe.Network,
        "probabilities",
        lambda self, raw: original(self, raw + 0.1 * next(draws) * torch.eye(10)[0]),
    )
    unsteady = probe_network(trial, data, weights_of(trial))
    assert min(unsteady.twice, unsteady.alone) > 1e-3


def test_the_probe_changes_no_result():
    trial, data = prepared()
    outcome = run_trial(trial, data, emit=lambda _: None)
    seen = examine(trial, data, outcome)
    before, after = json_of_observed(outcome.observed), json_of_observed(seen.observed)
    assert set(after) - set(before) == {"probe", "contradicted", "inputs", "class_counts"}
    assert {name: after[name] for name in before} == before
    assert replace(seen, observed=outcome.observed) == outcome


def test_a_failure_is_traced_to_the_learning_rate_and_not_to_the_batch_size():
    trial, data = prepared(optimizer={"SGD": {"learning_rate": 1e38}})
    outcome = examine(trial, data, run_trial(trial, data, emit=lambda _: None))
    rows = {row.change: row.fails for row in outcome.observed.counterfactuals}
    assert rows == {
        "nothing": True,
        "batch_size 16": True,
        "batch_size 64": True,
        "NaN and infinity in the inputs set to 0": True,
        "inputs standardised": True,
        "learning_rate / 10": True,
        "learning_rate 0.0001": False,
    }


def test_a_late_failure_is_not_run_again_and_a_healthy_trial_has_none():
    trial, data = prepared()
    assert explain_failure(trial, data, steps=401) == ()
    assert explain_failure(trial, data, steps=0) == ()
    assert first_failure(trial, data, num_steps=70, device=torch.device("cpu")) is None


def test_the_failing_step_is_the_one_that_the_trial_names():
    trial, data = prepared(optimizer={"SGD": {"learning_rate": 1e38}})
    outcome = run_trial(trial, data, emit=lambda _: None)
    step = first_failure(trial, data, num_steps=50, device=torch.device("cpu"))
    assert outcome.observed.failed_after == step
    assert f"epoch 1, step {step};" in outcome.reason


def test_contradicted_labels_are_ruled_out_by_the_network():
    probabilities = np.array(
        [[0.9, 0.05, 0.05], [0.04, 0.93, 0.03], [0.4, 0.58, 0.02], [0.3, 0.69, 0.01]], np.float32
    )
    found = contradicted(
        Predictions("validation", np.array([7, 8, 9, 10]), np.array([0, 0, 0, 2]), probabilities)
    )
    assert found == ((8, 0, 1), (10, 2, 1))


def test_classes_are_counted_as_the_trial_sees_them():
    _, data = prepared()
    found = class_counts(data)
    assert found["train"] == tuple(int((data.train_labels == k).sum()) for k in range(10))
    assert sum(found["validation"]) == len(data.validation_labels)


def test_of_many_images_a_twentieth_may_be_contradicted():
    sure = np.tile(np.array([[0.01, 0.99]], np.float32), (6000, 1))
    labels = np.zeros(6000, np.int64)
    assert len(contradicted(Predictions("validation", np.arange(6000), labels, sure))) == 300
    few = Predictions("validation", np.arange(1000), labels[:1000], sure[:1000])
    assert len(contradicted(few)) == 200
