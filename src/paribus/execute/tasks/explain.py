"""Keeping what a trained network looks at, for a report that has neither PyTorch nor data."""

from __future__ import annotations

from paribus.data.exported import open_dataset
from paribus.execute.events import Explained, Tell
from paribus.execute.insight_file import write_insight
from paribus.execute.task import Task
from paribus.execute.workers.desk import Desk

__all__ = ["run"]


def run(desk: Desk, task: Task, tell: Tell) -> None:
    """Look into the trained network of a trial, and keep what is seen.

    Args:
        desk: where artifacts are.
        task: with one trial, which has been trained.
        tell: hears `Explained`.

    Raises:
        TrialError: artifacts of the trial are missing or damaged.
        StoreError: the file cannot be written.
        DataError: the data set cannot be read.
    """
    (trial,) = task.trials
    write_insight(desk.out, trial, open_dataset(task.dataset))
    tell(Explained(trial.identity))
