"""Which images a trial gets right, for statements that look at images one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from paribus.judge.contrasts import Contrast

__all__ = ["Marking", "Marks", "contrast_table"]


@dataclass(frozen=True)
class Marks:
    """One trial's images."""

    ids: npt.NDArray[np.int64]
    """``(image,)``"""
    right: npt.NDArray[np.bool_]
    """``(image,)``"""


Marking = Callable[[str, int, str], Marks | None]
"""(variant, seed, metric) -> marks; None where nothing is known of single images."""


def contrast_table(
    contrast: Contrast, seeds: Sequence[int], metric: str, marking: Marking
) -> npt.NDArray[np.float64] | None:
    """Return a contrast image by image, ``(seed, image)``.

    Returns:
        None where marks are missing, or trials were scored on different images.
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
