"""Assignment of trials to groups that train as one program. No other module decides it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from paribus.execute.task import Task
from paribus.records import Trial

__all__ = ["fit_tasks", "groups_of"]

_LAYER_DETAILS = ("rate",)
_LAYER_ENDINGS = ("_initializer", "_regularizer")
_OWN_TRAINING = ("optimizer", "schedule", "early_stopping", "checkpoint")
"""Settings in which members of a group may differ."""


def fit_tasks(
    trials: Sequence[Trial], size: int, dataset_of: Callable[[Trial], Path]
) -> list[Task]:
    """Return the tasks that train trials, in the order in which they should begin.

    Args:
        trials: trials to train, in order of priority.
        size: number of members of a group; 1 trains every trial alone.
        dataset_of: returns the folder of a trial's exported data.
    """
    tasks = []
    for group in groups_of(trials, size):
        dataset = dataset_of(group[0])
        if size == 1 or _is_for_itself(group[0]):
            tasks.append(Task("fit", group, dataset))
        else:  # even for a single trial, because rounding depends on the group size
            tasks.append(Task("fit_group", group, dataset, size))
    return tasks


def groups_of(trials: Sequence[Trial], size: int) -> list[tuple[Trial, ...]]:
    """Divide trials into groups of at most ``size`` members.

    Groups are filled in the order of the trials given (seed by seed), so that early seeds end first.
    Trials of a group have equal data, layers, batch size, epochs, loss and precision; seeds, dropout
    rates, penalties, initializers, optimizers, schedules and stopping rules may differ. Trials with
    equal optimizers are neighbours in their group.

    Args:
        trials: trials to train, in order of priority.
        size: number of members of a group; 1 makes a group of every trial.
    """
    if size == 1:
        return [(trial,) for trial in trials]
    alike: dict[str, list[Trial]] = {}
    for trial in trials:
        if _is_for_itself(trial):
            alike[trial.identity] = [trial]
            continue
        alike.setdefault(_shape_of(trial), []).append(trial)
    groups = []
    for members in alike.values():
        for start in range(0, len(members), size):
            part = members[start : start + size]
            part.sort(key=lambda trial: (_text(trial.variant.train), trial.seed))
            groups.append(tuple(part))
    place = {trial.identity: index for index, trial in enumerate(trials)}
    groups.sort(key=lambda group: min(place[trial.identity] for trial in group))
    return groups


def _is_for_itself(trial: Trial) -> bool:
    """Return whether a trial must train alone: in NumPy, or with a deliberate mistake."""
    train = trial.variant.train
    return train.get("backend") == "numpy" or bool(train.get("mistakes"))


def _shape_of(trial: Trial) -> str:
    variant = trial.variant
    train = {key: value for key, value in variant.train.items() if key not in _OWN_TRAINING}
    own_images = trial.seed if variant.data.get("train_size") is not None else None
    return _text([variant.data, trial.fit_on, own_images, _outline(variant.model), train])


def _outline(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            key: _outline(item)
            for key, item in value.items()
            if key not in _LAYER_DETAILS and not key.endswith(_LAYER_ENDINGS)
        }
    return [_outline(item) for item in value] if isinstance(value, list | tuple) else value


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=dict)
