"""Adjustment of p values for several tests."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["benjamini_hochberg", "holm"]


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p values adjusted for multiple testing so that the familywise error is controlled.

    Source: Holm 1979. Oracle: ``statsmodels.stats.multitest.multipletests(method="holm")``.
    """
    count = len(p_values)
    order = sorted(range(count), key=lambda index: p_values[index])
    result, largest = [0.0] * count, 0.0
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, (count - rank) * p_values[index]))
        result[index] = largest
    return result


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Return p values adjusted so that the false discovery rate is controlled (q values).

    NaN stays NaN and does not count as a test.

    Source: Benjamini & Hochberg 1995. Oracle: ``scipy.stats.false_discovery_control``.
    """
    known = [index for index, p in enumerate(p_values) if not math.isnan(p)]
    result, smallest = [math.nan] * len(p_values), 1.0
    order = sorted(known, key=lambda index: -p_values[index])
    for rank, index in enumerate(order):
        smallest = min(smallest, len(known) / (len(known) - rank) * p_values[index])
        result[index] = smallest
    return result
