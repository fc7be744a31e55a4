"""Correctness of a trial's prediction for each image, for statistics that need single images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from paribus.judge.statistics.contrasts import Contrast

__all__ = ["Marking", "Marks", "contrast_table"]


@dataclass(frozen=True)
class Marks:
    """Which images of a split one trial classifies correctly."""

    ids: npt.NDArray[np.int64]
    """``(image,)`` ids of the images."""
    right: npt.NDArray[np.bool_]
    """``(image,)`` whether the prediction is correct."""


Marking = Callable[[str, int, str], Marks | None]
"""Function (variant, seed, metric) -> marks; None if the trial has no stored predictions for them."""


def contrast_table(
    contrast: Contrast, seeds: Sequence[int], metric: str, marking: Marking
) -> npt.NDArray[np.float64] | None:
    """Return the contrast of correctness for each seed and image, as ``(seed, image)``.

    Its mean over images is the contrast of accuracies.

    Returns:
        None if marks are missing, or if trials were scored on different images.
    """
    first: npt.NDArray[np.int64] | None = None
    rows = []
    for seed in seeds:
        parts: list[npt.NDArray[np.float64]] = []
        for name, weight in contrast.weights.items():
            marks = marking(name, seed, metric)
            if marks is None or (first is not None and not np.array_equal(first, marks.ids)):
                return None
            first = marks.ids
            parts.append(weight * marks.right.astype(np.float64))
        rows.append(np.sum(parts, axis=0) - contrast.constant)
    return np.stack(rows) if rows else None
