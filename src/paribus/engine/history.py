"""Records of a trial's epochs so far, and early stopping and checkpoints by them. Without torch."""

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
    """State of a trial after an epoch: everything that the next epoch depends on."""

    records: tuple[EpochRecord, ...]
    weights: Weights
    optimizer: dict[str, npt.NDArray[Any]]
    """Name -> array of the optimizer's state, such as moments and step counts."""
    best_weights: Weights = field(default_factory=dict)
    """Weights of the best epoch so far with ``checkpoint: best``; else empty."""


@dataclass
class History:
    """Records of the epochs of one trial, and what depends on them."""

    train: TrainSpec
    records: list[EpochRecord] = field(default_factory=list)
    best_weights: Weights = field(default_factory=dict)
    """Weights of the best epoch so far with ``checkpoint: best``; else empty."""
    evaluated: int = 0
    """Number of examples scored by this process so far."""
    first_loss: float | None = None
    """Loss of the first batch, before any update; None if the trial was resumed from a checkpoint."""

    @classmethod
    def resumed(cls, train: TrainSpec, checkpoint: Checkpoint | None) -> History:
        """Return the history in a checkpoint, or an empty history without one."""
        if checkpoint is None:
            return cls(train)
        return cls(train, list(checkpoint.records), dict(checkpoint.best_weights))

    @property
    def monitor(self) -> str:
        """The metric used by early stopping and ``checkpoint: best``."""
        stopping = self.train.early_stopping
        return stopping.monitor if stopping else "val_loss"

    @property
    def stopped(self) -> bool:
        """Whether early stopping ends the trial after the last recorded epoch."""
        stopping = self.train.early_stopping
        return stopping is not None and bool(self.records) and should_stop(stopping, self._values())

    @property
    def ended(self) -> bool:
        """Whether no epoch is left to train."""
        return len(self.records) >= self.train.epochs or self.stopped

    @property
    def last_is_kept(self) -> bool:
        """Whether the last epoch is the best so far, with ``checkpoint: best``."""
        if self.train.checkpoint != "best":
            return False
        return best_epoch(self.monitor, self._values()) == len(self.records) - 1

    @property
    def kept_epoch(self) -> int:
        """Number of the epoch whose weights are kept, from 1."""
        if not self.best_weights:
            return len(self.records)
        return best_epoch(self.monitor, self._values()) + 1

    @property
    def wall_seconds(self) -> float:
        """Total wall-clock time of all epochs, in seconds."""
        return sum(record.wall_seconds for record in self.records)

    def _values(self) -> list[float]:
        return [record.metrics[self.monitor] for record in self.records]
