"""Means over seeds with t confidence intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

__all__ = ["LEVEL", "Interval", "mean_interval"]

LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """A mean over seeds with its t interval; low, high and std are NaN for one seed."""

    mean: float
    low: float
    high: float
    std: float
    """Standard deviation over seeds, with n - 1."""
    n: int
    """Number of seeds."""


def mean_interval(values: Sequence[float], level: float = LEVEL) -> Interval:
    """Return the mean of ``(seed,)`` values with its t interval at confidence ``level``.

    Raises:
        ValueError: ``values`` is empty.

    Example:
        >>> interval = mean_interval([1.0, 2.0, 3.0])
        >>> round(interval.low, 2), interval.mean, round(interval.high, 2)
        (-0.48, 2.0, 4.48)

    Source: Student 1908; the quantile is scipy's (`special` loads faster than `stats`).
    """
    if not values:
        raise ValueError("values: must hold at least one number")
    array = np.asarray(values, dtype=np.float64)
    mean, n = float(array.mean()), len(array)
    if n == 1:
        return Interval(mean, math.nan, math.nan, math.nan, 1)
    std = float(array.std(ddof=1))
    half = float(stdtrit(n - 1, (1 + level) / 2)) * std / math.sqrt(n)
    return Interval(mean, mean - half, mean + half, std, n)
