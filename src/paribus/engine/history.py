"""What a trial has measured so far, and the rules that follow from it. Free of torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from paribus.nn.early_stopping import best_epoch, should_stop
from paribus.nn.training import TrainSpec
from paribus.records import EpochRecord

__all__ = ["Checkpoint", "History", "Weights"]

Weights = dict[str, npt.NDArray[np.float32]]


@dataclass(frozen=True)
class Checkpoint:
    """A trial after an epoch: everything that the next epoch depends on."""

    records: tuple[EpochRecord, ...]
    weights: Weights
    optimizer: dict[str, npt.NDArray[Any]]
    best_weights: Weights = field(default_factory=dict)
    """Weights of the best epoch so far, where the study keeps the best."""


@dataclass
class History:
    """Epochs of one trial."""

    train: TrainSpec
    records: list[EpochRecord] = field(default_factory=list)
    best_weights: Weights = field(default_factory=dict)
    """Weights of the best epoch so far, where the study keeps the best."""
    evaluated: int = 0
    """Examples scored by this process so far."""
    first_loss: float | None = None
    """Of the very first batch, before any update; None if another process has seen it."""

    @classmethod
    def resumed(cls, train: TrainSpec, checkpoint: Checkpoint | None) -> History:
        """Return what a checkpoint holds; an empty history without one."""
        if checkpoint is None:
            return cls(train)
        return cls(train, list(checkpoint.records), dict(checkpoint.best_weights))

    @property
    def monitor(self) -> str:
        """The metric that early stopping and `checkpoint: best` follow."""
        stopping = self.train.early_stopping
        return stopping.monitor if stopping else "val_loss"

    @property
    def stopped(self) -> bool:
        """Whether early stopping ends the trial here."""
        stopping = self.train.early_stopping
        return stopping is not None and bool(self.records) and should_stop(stopping, self._values())

    @property
    def ended(self) -> bool:
        """Whether no epoch is left."""
        return len(self.records) >= self.train.epochs or self.stopped

    @property
    def last_is_kept(self) -> bool:
        """Whether the last epoch is the best so far, and the study keeps the best."""
        if self.train.checkpoint != "best":
            return False
        return best_epoch(self.monitor, self._values()) == len(self.records) - 1

    @property
    def kept_epoch(self) -> int:
        """The epoch whose weights are kept, 1 for the first."""
        if not self.best_weights:
            return len(self.records)
        return best_epoch(self.monitor, self._values()) + 1

    @property
    def wall_seconds(self) -> float:
        """Seconds of all epochs."""
        return sum(record.wall_seconds for record in self.records)

    def _values(self) -> list[float]:
        return [record.metrics[self.monitor] for record in self.records]
