"""The task that writes attribution maps and layer outputs of a trained network to a file, for reports."""

from __future__ import annotations

from paribus.data.exported import open_dataset
from paribus.execute.events import Explained, Tell
from paribus.execute.insight_file import write_insight
from paribus.execute.task import Task
from paribus.execute.workers.desk import Desk

__all__ = ["run"]


def run(desk: Desk, task: Task, tell: Tell) -> None:
    """Write attribution maps and layer outputs of a trained trial's network.

    Args:
        desk: the worker's state, with the folder of artifacts.
        task: task with one trained trial.
        tell: called with `Explained`.

    Raises:
        TrialError: artifacts of the trial are missing or damaged.
        StoreError: the file cannot be written.
        DataError: the data set cannot be read.
    """
    (trial,) = task.trials
    write_insight(desk.out, trial, open_dataset(task.dataset))
    tell(Explained(trial.identity))
