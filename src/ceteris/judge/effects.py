"""Estimates over seeds: means and paired differences, with 95 % t intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

__all__ = ["LEVEL", "Effect", "Interval", "mean_interval", "paired_effect"]

LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """A mean over seeds with its t interval; low, high and std are NaN for one seed."""

    mean: float
    low: float
    high: float
    std: float
    n: int


@dataclass(frozen=True)
class Effect:
    """A paired difference over seeds with its t interval."""

    estimate: float
    low: float
    high: float
    n: int


def mean_interval(values: Sequence[float], level: float = LEVEL) -> Interval:
    """Return the mean of ``(seed,)`` values with its t interval.

    Raises:
        ValueError: there is no value.

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


def paired_effect(
    variant: Sequence[float], baseline: Sequence[float], level: float = LEVEL
) -> Effect:
    """Return the mean paired difference with its t interval.

    Args:
        variant: ``(seed,)``.
        baseline: ``(seed,)``, the same seeds in the same order.
        level: coverage.

    Raises:
        ValueError: lengths differ, or there is no pair.

    Source: `scipy.stats.ttest_rel` is the oracle.
    """
    if len(variant) != len(baseline):
        raise ValueError(
            f"variant and baseline: must pair up, got {len(variant)} and {len(baseline)}"
        )
    differences = np.asarray(variant, dtype=np.float64) - np.asarray(baseline, dtype=np.float64)
    interval = mean_interval([float(value) for value in differences], level)
    return Effect(interval.mean, interval.low, interval.high, interval.n)
