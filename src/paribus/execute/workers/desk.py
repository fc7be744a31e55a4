"""What whoever serves tasks keeps between them: where artifacts go, and the data prepared last."""

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
    """The place at which tasks are served; nothing on it changes a result."""

    out: Path
    """The study's output folder."""
    device: str
    environment: dict[str, Any] = field(default_factory=dict)
    """The fingerprint that is told with every trial."""
    prepared: tuple[str, PreparedData] | None = None
    """What the last data were prepared by, and the data."""
    variant: str = ""
    """Of the last task: another one gets memory that is not shaped by this one."""

    def folder(self, trial: Trial) -> Path:
        """Return the folder of a trial's artifacts."""
        return trial_folder(self.out, trial.identity)

    def make_room(self, task: Task) -> None:
        """Give memory back before a task of another variant than the last."""
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
            self.prepared = None  # two at a time may be too much
            dataset = open_dataset(task.dataset)
            self.prepared = (key, prepare(dataset, spec, seed=trial.seed, fit_on=trial.fit_on))
        return self.prepared[1]


def open_desk(out: Path, device: str) -> Desk:
    """Return an empty desk that knows where it stands.

    Args:
        out: the study's output folder.
        device: ``cpu`` or ``cuda``.
    """
    from paribus.engine.provenance.environment import environment_fingerprint

    return Desk(out, device, environment_fingerprint(device))
