"""The order of an epoch: one pass by default, and as many examples as a fixed number of steps needs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paribus.engine.group import run_group
from paribus.engine.order import batch_order, examples_per_epoch, steps_per_epoch
from paribus.engine.run import run_trial
from paribus.nn.training import TrainSpec
from tests.engine.groups import assert_close, data_of, study, trials_of


def spec(**changes):
    plain = {"optimizer": "SGD", "epochs": 1, "batch_size": 10, **changes}
    return TrainSpec.parse(plain, "keras")


@given(st.integers(1, 60), st.integers(1, 12), st.integers(1, 9), st.integers(0, 5))
def test_fixed_steps_go_through_all_examples_before_any_comes_again(count, batch, steps, seed):
    train = spec(batch_size=batch, steps_per_epoch=steps)
    order = batch_order(train, seed, 1, count)
    assert len(order) == steps * batch == examples_per_epoch(train, count)
    for start in range(0, len(order), count):
        part = order[start : start + count]
        assert len(set(part)) == len(part)
    assert set(order) <= set(range(count))


@pytest.mark.parametrize(("last", "examples", "steps"), [("keep", 45, 5), ("drop", 40, 4)])
def test_one_pass_is_the_default(last, examples, steps):
    train = spec(last_batch=last)
    order = batch_order(train, 0, 1, 45)
    assert (len(order), steps_per_epoch(train, 45)) == (examples, steps)
    assert len(set(order)) == examples
    assert examples_per_epoch(train, 45) == examples


def test_the_first_pass_is_the_pass_of_an_ordinary_epoch_and_later_ones_differ():
    fixed = batch_order(spec(steps_per_epoch=9), 3, 2, 45)
    assert (fixed[:45] == batch_order(spec(), 3, 2, 45)).all()
    assert (fixed[45:] != fixed[:45]).any()
    assert (batch_order(spec(steps_per_epoch=9), 3, 1, 45) != fixed).any()


def test_a_study_that_does_not_name_steps_keeps_its_identity():
    assert "steps_per_epoch" not in spec().to_settings()
    assert spec(steps_per_epoch=7).to_settings()["steps_per_epoch"] == 7


def test_fixed_steps_are_run_alone_and_in_a_group(monkeypatch):
    layers = ["Flatten", {"Dense": {"name": "hidden", "units": 8, "activation": "relu"}}]
    trials = trials_of(study(layers, train={"steps_per_epoch": 11}))
    data = data_of(trials)
    alone, records = [], [[], []]
    for trial in trials:
        own = []
        alone.append((run_trial(trial, data, emit=own.append), own))
    grouped = run_group(
        trials, data, group_size=2, emit=lambda k, record: records[k].append(record)
    )
    for one, other in zip(alone, zip(grouped, records, strict=True), strict=True):
        assert_close(one, other)
    assert alone[0][0].observed.optimizer_steps == 22
    assert alone[0][0].observed.examples_per_epoch == 550


def test_steps_count_in_schedules():
    layers = ["Flatten"]
    (trial, *_) = trials_of(
        study(layers, train={"steps_per_epoch": 3, "schedule": {"cosine": {}}, "epochs": 4})
    )
    rates = []
    run_trial(trial, data_of([trial]), emit=lambda record: rates.append(record.learning_rate))
    expected = [0.05 * (1 + np.cos(np.pi * (3 * epoch - 1) / 12)) / 2 for epoch in range(1, 5)]
    assert rates == pytest.approx(expected)
