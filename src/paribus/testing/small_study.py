"""A study that trains in a second, as tasks for an executor, and a task that fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from paribus.data.exported import export_dataset
from paribus.data.load import load_dataset
from paribus.data.spec import DataSpec
from paribus.execute.task import Task
from paribus.study.expand import expand
from paribus.study.identity import plan_trials
from paribus.study.load import study_from_mapping

__all__ = ["broken", "grouped", "small_tasks"]

STUDY = {
    "study": "small",
    "question": "Does an executor keep its contract?",
    "data": {
        "source": "digits",
        "split": {"train": 0.2, "validation": 0.1, "test": 0.7, "seed": 1},
        "preprocess": ["scale"],
    },
    "model": {
        "layers": [
            {"Conv2D": {"name": "conv", "filters": 4, "kernel_size": 3, "activation": "relu"}},
            {"MaxPooling2D": {"name": "pool"}},
            "Flatten",
            {"Dense": {"name": "output", "units": 10, "activation": "softmax"}},
        ]
    },
    "train": {"optimizer": {"Adam": {"learning_rate": 0.01}}, "epochs": 2, "batch_size": 32},
    "seeds": 2,
    "factors": {
        "rate": {"high": None, "low": {"set": {"train.optimizer.Adam.learning_rate": 0.001}}}
    },
}


def small_tasks(folder: Path, *, epochs: int = 2) -> list[Task]:
    """Return tasks that train the trials of a study of two variants and two seeds, each alone.

    Args:
        folder: folder to which the data set is exported.
        epochs: number of epochs of every trial.
    """
    study = {**STUDY, "train": {**STUDY["train"], "epochs": epochs}}  # type: ignore[dict-item]
    plan = expand(study_from_mapping(study))
    data = load_dataset(DataSpec.parse(plan.variants[0].data))
    export_dataset(data, folder)
    fingerprints = {variant.name: data.fingerprint for variant in plan.variants}
    trials = plan_trials(plan, fingerprints, lambda _: 1)
    return [Task("fit", (trial,), folder) for trial in trials]


def grouped(tasks: Sequence[Task], size: int) -> Task:
    """Return one task that trains the trials of several as one program.

    Args:
        tasks: tasks that train one trial each.
        size: members of the program, at least as many as tasks.
    """
    trials = tuple(trial for task in tasks for trial in task.trials)
    return Task("fit_group", trials, tasks[0].dataset, size)


def broken(task: Task) -> Task:
    """Return a task whose training raises an exception that cannot be pickled.

    Args:
        task: a task that trains one trial.
    """
    (trial,) = task.trials
    settings = _Trap(trial.variant.train)
    return replace(task, trials=(replace(trial, variant=replace(trial.variant, train=settings)),))


class _CannotLeaveError(Exception):
    """An error that cannot be pickled, as errors of other libraries sometimes cannot."""

    def __reduce__(self) -> NoReturn:
        raise TypeError("this error cannot be pickled")


class _Trap(dict[str, Any]):
    """Settings that can be pickled, but raise when they are read."""

    def get(self, *_: object) -> NoReturn:
        raise _CannotLeaveError("the settings cannot be read")

    def __getitem__(self, key: str) -> NoReturn:
        self.get(key)
