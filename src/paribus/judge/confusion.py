"""The confusion matrix over seeds, and where two variants err differently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from paribus.records import Predictions

__all__ = ["Confusion", "ConfusionDifference", "confusion", "confusion_difference"]


@dataclass(frozen=True)
class Confusion:
    """Counts (true class, guessed class) over all seeds."""

    class_names: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    by_seed: tuple[tuple[tuple[int, ...], ...], ...]
    """The same for each seed alone."""

    @property
    def num_seeds(self) -> int:
        """Trials that were counted."""
        return len(self.by_seed)

    @property
    def count_ranges(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        """Lowest and highest seed of every cell."""
        return _ranges(self.by_seed)

    @property
    def share_ranges(self) -> tuple[tuple[tuple[float, float], ...], ...]:
        """The same as shares of the true class."""
        return _ranges([_shares(counts) for counts in self.by_seed])

    @property
    def shares(self) -> tuple[tuple[float, ...], ...]:
        """Each row divided by its sum."""
        return _shares(self.counts)

    @property
    def accuracy(self) -> float:
        """Share of the diagonal."""
        right = sum(row[k] for k, row in enumerate(self.counts))
        return right / max(1, sum(map(sum, self.counts)))


Cell = TypeVar("Cell", int, float)


def _shares(counts: Sequence[Sequence[int]]) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(cell / max(1, sum(row)) for cell in row) for row in counts)


def _ranges(
    matrices: Sequence[Sequence[Sequence[Cell]]],
) -> tuple[tuple[tuple[Cell, Cell], ...], ...]:
    return tuple(
        tuple((min(cells), max(cells)) for cells in zip(*rows, strict=True))
        for rows in zip(*matrices, strict=True)
    )


@dataclass(frozen=True)
class ConfusionDifference:
    """Where two variants err differently: shares of the true class, left - right."""

    left: str
    right: str
    split: str
    class_names: tuple[str, ...]
    shares: tuple[tuple[float, ...], ...]


def confusion_difference(
    left: tuple[str, Confusion], right: tuple[str, Confusion], split: str
) -> ConfusionDifference:
    """Subtract two matrices of the same images, each a share of the true class.

    Args:
        left: name and matrix.
        right: name and matrix.
        split: of the images.
    """
    (name, one), (other_name, other) = left, right
    shares = tuple(
        tuple(a - b for a, b in zip(row, other_row, strict=True))
        for row, other_row in zip(one.shares, other.shares, strict=True)
    )
    return ConfusionDifference(name, other_name, split, one.class_names, shares)


def confusion(predictions: Sequence[Predictions], class_names: tuple[str, ...]) -> Confusion | None:
    """Count guesses over all seeds; None without predictions.

    Source: rows are the truth, as in `sklearn.metrics.confusion_matrix`, the oracle of the test.
    """
    if not predictions:
        return None
    size = len(class_names)
    counts = np.zeros((len(predictions), size, size), dtype=np.int64)
    for number, item in enumerate(predictions):
        np.add.at(counts[number], (item.labels, item.probabilities.argmax(1)), 1)
    return Confusion(class_names, _rows(counts.sum(0)), tuple(map(_rows, counts)))


def _rows(counts: npt.NDArray[np.int64]) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(map(int, row)) for row in counts)
