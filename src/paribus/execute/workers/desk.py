"""State that a worker keeps from task to task: the output folder, and the data prepared last."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paribus.data.exported import open_dataset
from paribus.data.prepare import PreparedData, prepare
from paribus.data.spec import DataSpec
from paribus.engine.memory import give_memory_back
from paribus.execute.artifacts import trial_folder
from paribus.execute.task import Task
from paribus.records import Trial

__all__ = ["Desk", "open_desk"]


@dataclass
class Desk:
    """State that a worker keeps from task to task. None of it changes a result."""

    out: Path
    """The study's output folder."""
    device: str
    environment: dict[str, Any] = field(default_factory=dict)
    """Fingerprint of the environment, reported when a trial starts."""
    prepared: tuple[str, PreparedData] | None = None
    """Key of the last prepared data (data set, settings, seed), and the data; None before the first task."""
    variant: str = ""
    """Variant of the last task; freed heap is returned to the system when it changes."""

    def folder(self, trial: Trial) -> Path:
        """Return the folder of a trial's artifacts."""
        return trial_folder(self.out, trial.identity)

    def make_room(self, task: Task) -> None:
        """Return freed heap to the system if the task's variant is not that of the last task."""
        name = task.trials[0].variant.name
        if self.variant not in ("", name):
            give_memory_back()
        self.variant = name

    def data_of(self, task: Task) -> PreparedData:
        """Return the prepared data that all trials of a task share.

        Raises:
            DataError: the exported data set cannot be read, or does not fit.
        """
        trial = task.trials[0]
        spec = DataSpec.parse(trial.variant.data)
        drawn = trial.seed if spec.train_size is not None else None
        key = json.dumps(
            [str(task.dataset), trial.variant.data, drawn, trial.fit_on], sort_keys=True
        )
        if self.prepared is None or self.prepared[0] != key:
            self.prepared = None  # release the old data first: memory may not suffice for both
            dataset = open_dataset(task.dataset)
            self.prepared = (key, prepare(dataset, spec, seed=trial.seed, fit_on=trial.fit_on))
        return self.prepared[1]


def open_desk(out: Path, device: str) -> Desk:
    """Return a desk without data, with the fingerprint of this environment.

    Args:
        out: the study's output folder.
        device: ``cpu`` or ``cuda``.
    """
    from paribus.engine.provenance.environment import environment_fingerprint

    return Desk(out, device, environment_fingerprint(device))
