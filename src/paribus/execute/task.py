"""The task, the unit that an executor carries out; each kind has a handler in `tasks/`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from paribus.records import Trial

__all__ = ["Kind", "Task"]

Kind = Literal["fit", "fit_group", "test", "explain"]
"""``fit`` trains one trial, ``fit_group`` several as one program; ``test`` opens the test set for a
trained trial, ``explain`` writes its attributions and layer outputs to a file."""


@dataclass(frozen=True)
class Task:
    """Work on one trial or a group of trials: small and picklable."""

    kind: Kind
    trials: tuple[Trial, ...]
    """The members of a group if the kind is ``fit_group``; exactly one trial otherwise."""
    dataset: Path
    """Folder of the exported data set."""
    group_size: int = 1
    """Number of members of the program that trains a group, at least the number of trials; 1 for other kinds."""

    @property
    def trains(self) -> bool:
        """Whether the task trains its trials; tasks of other kinds need trained trials."""
        return self.kind in ("fit", "fit_group")
