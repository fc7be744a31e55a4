"""Which trials are trained together; the kind of their task says it."""

from pathlib import Path

import pytest

from paribus.execute.grouping import fit_tasks
from paribus.study.expand import expand
from paribus.study.identity import plan_trials
from paribus.study.load import study_from_mapping

MISTAKE = {"set": {"train.mistakes": {"warm_start": [100]}}}
ODD = {"numpy": {"set": {"train.backend": "numpy"}}, "mistaken": MISTAKE}


@pytest.fixture
def trials(tiny):
    tiny["teaching"] = True
    tiny["factors"]["dropout"].update(ODD)
    plan = expand(study_from_mapping(tiny))
    return plan_trials(plan, {variant.name: variant.name for variant in plan.variants}, lambda _: 1)


def dataset_of(trial):
    return Path(trial.variant.name)


def test_alone_every_trial_is_a_fit_of_its_own(trials):
    tasks = fit_tasks(trials, 1, dataset_of)
    assert [task.trials for task in tasks] == [(trial,) for trial in trials]
    assert {(task.kind, task.group_size) for task in tasks} == {("fit", 1)}
    assert [task.dataset.name for task in tasks] == [trial.variant.name for trial in trials]


def test_groups_leave_out_what_they_do_not_know(trials):
    kinds = {}
    for task in fit_tasks(trials, 3, dataset_of):
        assert task.trains
        assert len(task.trials) <= task.group_size
        for trial in task.trials:
            kinds.setdefault(trial.variant.name, set()).add((task.kind, task.group_size))
    assert kinds == {
        "none": {("fit_group", 3)},
        "some": {("fit_group", 3)},
        "numpy": {("fit", 1)},
        "mistaken": {("fit", 1)},
    }


def test_a_trial_that_is_left_alone_is_a_group_all_the_same(trials):
    """Rounding depends on the size of the program."""
    (task,) = fit_tasks(trials[:1], 3, dataset_of)
    assert (task.kind, len(task.trials), task.group_size) == ("fit_group", 1, 3)
