"""The task that trains several trials as one program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from paribus.data.prepare import PreparedData
from paribus.execute.events import EpochEnded, Tell
from paribus.execute.task import Task
from paribus.execute.workers.attempts import (
    begin_attempt,
    end_attempt,
    keep_checkpoint,
    kept_checkpoint,
)
from paribus.execute.workers.desk import Desk
from paribus.records import EpochRecord, Trial

if TYPE_CHECKING:
    from paribus.engine.history import Checkpoint

    Part = Sequence[tuple[Trial, Checkpoint | None]]
    """Trials that continue from the same epoch, each with its checkpoint; None starts from the first epoch."""

__all__ = ["run"]


def run(desk: Desk, task: Task, tell: Tell) -> None:
    """Train trials together; after a crash, trials with different numbers of epochs form separate groups.

    Args:
        desk: the worker's state, with the folder of artifacts.
        task: task with at most ``group_size`` trials that `groups_of` put together.
        tell: called with `Started`, every `EpochEnded`, and `Finished` of each trial.

    Raises:
        StoreError: artifacts cannot be written.
        DataError: the data set cannot be read.
    """
    data = desk.data_of(task)
    parts: dict[int, list[tuple[Trial, Checkpoint | None]]] = {}
    for trial in task.trials:
        found = kept_checkpoint(desk.folder(trial))
        parts.setdefault(len(found.records) if found else 0, []).append((trial, found))
    for part in parts.values():
        _train(desk, part, data, task.group_size, tell)


def _train(desk: Desk, part: Part, data: PreparedData, group_size: int, tell: Tell) -> None:
    from paribus.engine.group import run_group

    trials = [trial for trial, _ in part]
    folders = [desk.folder(trial) for trial in trials]

    def emit(index: int, record: EpochRecord) -> None:
        tell(EpochEnded(trials[index].identity, record))

    for trial, checkpoint in part:
        begin_attempt(trial, {**desk.environment, "group_size": group_size}, checkpoint, tell)
    outcomes = run_group(
        trials,
        data,
        group_size=group_size,
        emit=emit,
        device=desk.device,
        resume=[checkpoint for _, checkpoint in part],
        save=lambda index, checkpoint: keep_checkpoint(folders[index], checkpoint),
    )
    for trial, outcome in zip(trials, outcomes, strict=True):
        end_attempt(desk, trial, outcome, data, tell)
