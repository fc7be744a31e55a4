"""The task that trains one trial, in PyTorch or in NumPy."""

from __future__ import annotations

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
from paribus.records import EpochRecord, Trial, TrialOutcome

__all__ = ["run"]


def run(desk: Desk, task: Task, tell: Tell) -> None:
    """Train a trial from its last checkpoint, or from the start.

    Args:
        desk: the worker's state, with the folder of artifacts.
        task: task with one trial.
        tell: called with `Started`, every `EpochEnded`, and `Finished`.

    Raises:
        StoreError: artifacts cannot be written.
        DataError: the data set cannot be read.
    """
    data = desk.data_of(task)
    (trial,) = task.trials
    in_numpy = trial.variant.train.get("backend") == "numpy"
    outcome = (_train_in_numpy if in_numpy else _train)(desk, trial, data, tell)
    end_attempt(desk, trial, outcome, data, tell)


def _train(desk: Desk, trial: Trial, data: PreparedData, tell: Tell) -> TrialOutcome:
    from paribus.engine.run import run_trial

    folder = desk.folder(trial)
    resume = kept_checkpoint(folder)
    begin_attempt(trial, desk.environment, resume, tell)
    return run_trial(
        trial,
        data,
        emit=lambda record: tell(EpochEnded(trial.identity, record)),
        device=desk.device,
        resume=resume,
        save=lambda checkpoint: keep_checkpoint(folder, checkpoint),
    )


def _train_in_numpy(desk: Desk, trial: Trial, data: PreparedData, tell: Tell) -> TrialOutcome:
    """Train by the NumPy reference, without checkpoints, because its networks are small."""
    from paribus.engine.run_reference import run_reference_trial

    def emit(record: EpochRecord) -> None:
        tell(EpochEnded(trial.identity, record))

    begin_attempt(trial, desk.environment, None, tell)
    return run_reference_trial(trial, data, emit=emit)
