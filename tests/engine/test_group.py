"""Trials trained as one program: what each would have been alone, whoever else is there."""

import contextlib
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from paribus.engine.group_step import GroupStep
from paribus.engine.history import Checkpoint
from paribus.engine.run import run_trial
from paribus.execute.grouping import groups_of
from paribus.nn.build import build_network
from paribus.nn.operators.dropout import keyed_factors, stacked_factors
from paribus.nn.spec import ModelSpec
from paribus.nn.stacked.network import stack
from tests.engine.groups import (
    NETWORKS,
    alone,
    assert_close,
    assert_same,
    data_of,
    study,
    together,
    trials_of,
)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("profile", ["keras", "torch"])
def test_each_trial_is_what_it_is_alone(network, profile):
    mapping = study(NETWORKS[network], train={"optimizer": {"Adam": {"learning_rate": 0.003}}})
    mapping["model"]["defaults"] = profile
    trials = trials_of(mapping)
    data = data_of(trials)
    for one, other in zip(alone(trials, data), together(trials, data), strict=True):
        assert_close(one, other)


@pytest.mark.parametrize("way", ["products", "grouped", "each"])
@pytest.mark.parametrize("network", ["lab", "residual"])
def test_other_ways_to_convolve_are_as_good(network, way):
    trials = trials_of(study(NETWORKS[network]))
    data = data_of(trials)
    for one, other in zip(alone(trials, data), together(trials, data, way=way), strict=True):
        assert_close(one, other)


@pytest.mark.parametrize(
    ("channels", "filters", "way"),
    [(1, 16, "grouped"), (16, 16, "grouped"), (16, 17, "each"), (32, 64, "each")],
)
def test_wide_layers_are_convolved_one_by_one(channels, filters, way):
    settings = {"filters": filters, "kernel_size": 3, "padding": "same"}
    model = ModelSpec.parse({"layers": [{"Conv2D": settings}]})
    networks = [build_network(model, (6, 6, channels)) for _ in range(3)]
    stacked = stack(networks)
    assert stacked.chain.stages[0].way == way
    x = torch.randn(6, channels, 6, 6, generator=torch.Generator().manual_seed(3))
    alone = [network(part) for network, part in zip(networks, x.chunk(3), strict=True)]
    torch.testing.assert_close(stacked(x), torch.cat(alone))


def test_members_may_differ_in_all_that_has_no_shape():
    mapping = study(
        NETWORKS["lab"],
        seeds=1,
        design="listed",
        baseline="plain",
        variants={
            "plain": {},
            "momentum": {"train": {"optimizer": {"SGD": {"learning_rate": 0.02, "momentum": 0.9}}}},
            "adam": {"train": {"optimizer": "Adam", "schedule": "one_cycle"}},
            "l2": {"set": {"model.Conv2D.kernel_regularizer": {"l2": 0.01}}},
            "l1": {"set": {"model.hidden.kernel_regularizer": {"l1": 0.001, "l2": 0.02}}},
            "more": {"set": {"model.Dropout.rate": 0.4}},
            "zeros": {"set": {"model.hidden.kernel_initializer": "he_normal"}},
        },
    )
    trials = trials_of(mapping)
    (group,) = groups_of(trials, 7)
    assert {trial.identity for trial in group} == {trial.identity for trial in trials}
    data = data_of(trials)
    for one, other in zip(alone(group, data), together(group, data), strict=True):
        assert_close(one, other)


def test_augmentation_and_mirrored_scores_are_each_trials_own():
    train = {"augment": ["flip", {"crop": {"pixels": 1}}, {"cutout": {"size": 2}}]}
    trials = trials_of(study(NETWORKS["lab"], train={**train, "test_time_flip": True}))
    data = data_of(trials)
    for one, other in zip(alone(trials, data), together(trials, data), strict=True):
        assert_close(one, other)


def test_company_changes_no_bit():
    trials = trials_of(study(NETWORKS["lab"], seeds=4))
    data = data_of(trials)
    with_second = together([trials[0], trials[1]], data, size=4)[0]
    with_others = together([trials[0], trials[3], trials[2]], data, size=4)[0]
    by_itself = together([trials[0]], data, size=4)[0]
    assert_same(with_second, with_others)
    assert_same(with_second, by_itself)


def test_a_group_resumed_continues_bit_for_bit_even_alone():
    trials = trials_of(study(NETWORKS["lab"], train={"optimizer": "Nadam", "epochs": 3}))
    data = data_of(trials)
    saved = {}
    whole = together(trials, data, save=lambda i, c: saved.setdefault((i, len(c.records)), c))
    assert set(saved) == {(0, 1), (1, 1), (0, 2), (1, 2)}
    rest = together(trials, data, resume=[saved[0, 1], saved[1, 1]])
    for (left, records), (right, later) in zip(whole, rest, strict=True):
        assert records[1].metrics == later[0].metrics
        assert all((right.weights[k] == v).all() for k, v in left.weights.items())
    records = []
    single = run_trial(trials[1], data, emit=records.append, resume=saved[1, 2])
    assert records[0].metrics["loss"] == pytest.approx(whole[1][1][2].metrics["loss"], rel=1e-4)
    for name, value in whole[1][0].weights.items():
        np.testing.assert_allclose(single.weights[name], value, rtol=0.02, atol=2e-4)


def test_a_failing_member_is_named_and_leaves_the_others_alone():
    mapping = study(
        NETWORKS["lab"],
        seeds=2,
        factors={
            "rate": {
                "sane": {},
                "mad": {"set": {"train.optimizer": {"SGD": {"learning_rate": 1e30}}}},
            }
        },
    )
    trials = trials_of(mapping)
    data = data_of(trials)
    found = together(trials, data)
    apart = alone(trials, data)
    for trial, one, other in zip(trials, apart, found, strict=True):
        if trial.variant.name == "mad":
            assert other[0].status == "failed"
            assert other[0].first_nonfinite == one[0].first_nonfinite
            assert other[0].reason == one[0].reason
            assert other[1] == []
        else:
            assert_close(one, other)


def test_members_stop_early_each_by_itself():
    mapping = study(
        NETWORKS["lab"],
        seeds=4,
        train={
            "epochs": 10,
            "early_stopping": {"monitor": "val_accuracy", "patience": 1},
            "checkpoint": "best",
        },
    )
    trials = trials_of(mapping)
    data = data_of(trials)
    apart, found = alone(trials, data), together(trials, data)
    assert len({outcome.epochs for outcome, _ in apart}) > 1, "the test needs different ends"
    for one, other in zip(apart, found, strict=True):
        assert other[0].epochs == one[0].epochs
        assert other[0].observed.kept_epoch == one[0].observed.kept_epoch
        assert other[0].metrics["val_loss"] == pytest.approx(one[0].metrics["val_loss"], rel=0.01)


def test_factors_of_several_keys_are_each_keys_own_bits():
    keys = [3, (1 << 63) + 5, (1 << 64) - 1]
    thresholds, scales = [0, 20_000, 65_000], [1.0, 1.5, 2.0]
    signed = torch.tensor([k - (1 << 64) if k >> 63 else k for k in keys])
    found = stacked_factors(
        (3, 7), signed, torch.tensor(11), torch.tensor(thresholds), torch.tensor(scales)
    )
    for row, key, threshold, scale in zip(found, keys, thresholds, scales, strict=True):
        expected = keyed_factors((3, 7), key, 11, threshold, scale, torch.device("cpu"))
        assert torch.equal(row, expected)


def test_networks_of_two_structures_are_refused():
    def network(units):
        layers = [{"Flatten": {}}, {"Dense": {"units": units}}]
        return build_network(ModelSpec.parse({"layers": layers}), (4, 4, 1))

    with pytest.raises(ValueError, match="one structure"):
        stack([network(3), network(4)])
    trials = trials_of(study(NETWORKS["lab"], seeds=3))
    with pytest.raises(ValueError, match="1 to 2, got 3"):
        together(trials, data_of(trials), size=2)


def test_groups_are_alike_and_no_larger_than_asked():
    mapping = study(
        NETWORKS["lab"],
        seeds=5,
        factors={
            "width": {"small": {}, "large": {"set": {"model.conv.filters": 8}}},
            "rate": {"low": {}, "high": {"set": {"model.Dropout.rate": 0.4}}},
            "batch": {"50": {}, "25": {"set": {"train.batch_size": 25}}},
        },
    )
    trials = trials_of(mapping)
    groups = groups_of(trials, 4)
    assert sorted(t.identity for g in groups for t in g) == sorted(t.identity for t in trials)
    assert {len(group) for group in groups} == {4, 2}
    for group in groups:
        assert len({trial.variant.levels["width"] for trial in group}) == 1
        assert len({trial.variant.levels["batch"] for trial in group}) == 1
    assert any(len({trial.variant.levels["rate"] for trial in g}) == 2 for g in groups)
    assert groups_of(trials, 1) == [(trial,) for trial in trials]


def test_a_drawn_training_set_keeps_seeds_apart():
    mapping = study(NETWORKS["lab"], seeds=3)
    mapping["data"]["train_size"] = 100
    assert [len(group) for group in groups_of(trials_of(mapping), 8)] == [1, 1, 1]


def test_checkpoints_hold_what_a_single_run_saves():
    trials = trials_of(study(NETWORKS["lab"], seeds=2, train={"optimizer": "Adam", "epochs": 2}))
    data = data_of(trials)
    saved, single = {}, {}
    together(trials, data, save=lambda index, checkpoint: saved.update({index: checkpoint}))
    run_trial(trials[0], data, emit=lambda _: None, save=lambda c: single.update(one=c))
    own, theirs = single["one"], saved[0]
    assert isinstance(theirs, Checkpoint)
    assert own.optimizer.keys() == theirs.optimizer.keys()
    for name, value in own.optimizer.items():
        assert theirs.optimizer[name].shape == value.shape, name
        np.testing.assert_allclose(theirs.optimizer[name], value, atol=1e-4)


class FakeGraph:
    """What a CUDA graph does, on a CPU: the recorded pass again, into the recorded memory."""

    recording = None

    def __init__(self):
        self.step = FakeGraph.recording

    def replay(self):
        recorded = self.step._gradients
        self.step._forget_gradients()
        self.step._run(self.step._positions)
        for parameter, gradient in zip(self.step.parameters, recorded, strict=True):
            gradient.copy_(parameter.grad)


def test_replaying_a_recorded_pass_changes_nothing(monkeypatch):
    """The bookkeeping around a graph: memory that stays, traces of recording that vanish."""
    trials = trials_of(study(NETWORKS["lab"], train={"augment": ["flip"]}))
    data = data_of(trials)
    eager = together(trials, data)

    def call(step, positions):
        monkeypatch.setattr(FakeGraph, "recording", step)
        step.device = SimpleNamespace(type="cuda")
        original(step, positions)
        calls.append(positions.shape[1])

    calls = []
    original = GroupStep.__call__
    nothing = SimpleNamespace(wait_stream=lambda other: None)
    for name, fake in {
        "Stream": lambda: nothing,
        "current_stream": lambda: nothing,
        "stream": lambda stream: contextlib.nullcontext(),
        "graph": lambda graph: contextlib.nullcontext(),
        "CUDAGraph": FakeGraph,
    }.items():
        monkeypatch.setattr(torch.cuda, name, fake)
    monkeypatch.setattr(GroupStep, "__call__", call)
    monkeypatch.setattr(
        "paribus.engine.group_step.products_in", lambda *_: contextlib.nullcontext()
    )
    replayed = together(trials, data)
    assert set(calls) == {50, 9}, "full batches and a smaller one"
    for one, other in zip(eager, replayed, strict=True):
        assert_same(one, other)
