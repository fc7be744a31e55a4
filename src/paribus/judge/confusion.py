"""Confusion matrices summed over seeds, and differences between those of two variants."""

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
    """A confusion matrix over all seeds: rows are true classes, columns predicted classes."""

    class_names: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    """``(class, class)``, images summed over seeds."""
    by_seed: tuple[tuple[tuple[int, ...], ...], ...]
    """``(seed, class, class)``, images of each seed."""

    @property
    def num_seeds(self) -> int:
        """Number of trials in the matrix, one per seed."""
        return len(self.by_seed)

    @property
    def count_ranges(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        """``(class, class)``, smallest and largest count of each cell over seeds."""
        return _ranges(self.by_seed)

    @property
    def share_ranges(self) -> tuple[tuple[tuple[float, float], ...], ...]:
        """``(class, class)``, smallest and largest fraction of the true class over seeds."""
        return _ranges([_shares(counts) for counts in self.by_seed])

    @property
    def shares(self) -> tuple[tuple[float, ...], ...]:
        """``(class, class)``, counts divided by their row sum: fractions of the true class."""
        return _shares(self.counts)

    @property
    def accuracy(self) -> float:
        """Fraction of images on the diagonal, over all seeds."""
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
    """Difference of two variants' confusion matrices, fractions of the true class, left - right."""

    left: str
    """Name of the first variant."""
    right: str
    """Name of the second variant."""
    split: str
    """Split of the images, "validation" or "test"."""
    class_names: tuple[str, ...]
    shares: tuple[tuple[float, ...], ...]


def confusion_difference(
    left: tuple[str, Confusion], right: tuple[str, Confusion], split: str
) -> ConfusionDifference:
    """Subtract two confusion matrices of the same images, as fractions of the true class.

    Args:
        left: first variant's name and matrix.
        right: second variant's name and matrix.
        split: split of the images, "validation" or "test".
    """
    (name, one), (other_name, other) = left, right
    shares = tuple(
        tuple(a - b for a, b in zip(row, other_row, strict=True))
        for row, other_row in zip(one.shares, other.shares, strict=True)
    )
    return ConfusionDifference(name, other_name, split, one.class_names, shares)


def confusion(predictions: Sequence[Predictions], class_names: tuple[str, ...]) -> Confusion | None:
    """Return the confusion matrix of predicted classes over all seeds; None without predictions.

    Source: rows are true classes, as in `sklearn.metrics.confusion_matrix`, the oracle of the test.
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
