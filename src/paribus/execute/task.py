"""What an executor is given to do: one dataclass, and a kind for every handler in `tasks/`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from paribus.records import Trial

__all__ = ["Kind", "Task"]

Kind = Literal["fit", "fit_group", "test", "explain"]
"""``fit`` trains one trial, ``fit_group`` several as one program; ``test`` opens the test set for a
trained trial, ``explain`` keeps what its network looks at."""


@dataclass(frozen=True)
class Task:
    """Something to do with trials, small and picklable."""

    kind: Kind
    trials: tuple[Trial, ...]
    """The members of a group; of every other kind one."""
    dataset: Path
    """Folder of the exported data set."""
    group_size: int = 1
    """Members of the program that trains a group, at least as many as trials; 1 of every other kind."""

    @property
    def trains(self) -> bool:
        """Whether its trials are trained; if not, they have been."""
        return self.kind in ("fit", "fit_group")
