"""What a probe finds: dead units, gradients, unsteady scores, on networks with known numbers."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from paribus.engine.device_images import DeviceImages
from paribus.engine.inspection import probe
from paribus.engine.inspection.examine import examine
from paribus.engine.inspection.probe import probe_network
from paribus.engine.run import run_trial
from paribus.nn.initial import initial_weights
from paribus.nn.spec import ModelSpec
from paribus.store.observed_json import json_of_observed
from tests.engine.inspection.handmade import prepared


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
