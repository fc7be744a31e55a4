"""Comparison of two studies, with tests of whether their results contradict each other."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from scipy.special import stdtr, stdtrit

from paribus.judge.results import EffectRow, StudyResults
from paribus.judge.statistics.adjusting import holm
from paribus.judge.statistics.effects import Interval
from paribus.judge.verdicts import ALPHA, MIN_SEEDS

__all__ = ["ComparedRow", "compare_results"]

Word = Literal["compatible", "contradictory", "cannot tell", "too few seeds"]
MARGIN = 0.01
"""Largest difference between two studies, in the metric's unit, that still is the same result."""

ROUNDING = 1e-12
"""An error at most this fraction of the means is rounding, and zero."""


@dataclass(frozen=True)
class ComparedRow:
    """One quantity that both studies have estimated."""

    what: str
    """Name of a variant, or ``variant - baseline`` for an effect."""
    effect: bool
    """Whether the quantity is a difference from the baseline; else it is a variant's mean."""
    metric: str
    left: float
    right: float
    difference: float
    """Estimate ``left - right``; ``low`` to ``high`` is its 95 % interval."""
    low: float
    high: float
    p: float
    adjusted_p: float
    verdict: Word
    """``contradictory`` if the difference is significant, ``compatible`` if a difference of `MARGIN` or
    more is ruled out, ``cannot tell`` if neither is so."""


@dataclass(frozen=True)
class _Estimate:
    mean: float
    error: float
    n: int


def compare_results(
    left: StudyResults, right: StudyResults, metric: str
) -> tuple[ComparedRow, ...]:
    """Compare the effects that both studies have, and the means of variants that both have.

    Effects against the baseline come first: two studies may score at different levels for many
    reasons, but the differences between their variants should agree. The studies are independent,
    so Welch's t test is used.

    Args:
        left: results of one study.
        right: results of the other study.
        metric: for example ``val_accuracy``.

    Source: Welch 1947; Holm 1979 over all rows.
    """
    effects = _common(_effects(left, metric), _effects(right, metric))
    pairs = [*effects, *_common(_means(left, metric), _means(right, metric))]
    num_effects = len(effects)
    tested = [(what, one, other, _welch(one, other)) for what, one, other in pairs]
    known = [(what, found) for what, _, _, found in tested if not math.isnan(found.p)]
    adjusted = dict(
        zip((what for what, _ in known), holm([found.p for _, found in known]), strict=True)
    )
    return tuple(
        ComparedRow(
            what=what,
            effect=number < num_effects,
            metric=metric,
            left=one.mean,
            right=other.mean,
            difference=one.mean - other.mean,
            low=found.low,
            high=found.high,
            p=found.p,
            adjusted_p=adjusted.get(what, math.nan),
            verdict=_word(one, other, adjusted.get(what, math.nan), found, len(known)),
        )
        for number, (what, one, other, found) in enumerate(tested)
    )


def _word(one: _Estimate, other: _Estimate, p: float, found: _Difference, rows: int) -> Word:
    if min(one.n, other.n) < MIN_SEEDS or math.isnan(p):
        return "too few seeds"
    if p <= ALPHA:
        return "contradictory"
    return "compatible" if found.p_equal <= ALPHA / rows else "cannot tell"


def _common(
    one: Mapping[str, _Estimate], other: Mapping[str, _Estimate]
) -> list[tuple[str, _Estimate, _Estimate]]:
    return [(what, one[what], other[what]) for what in one if what in other]


def _effects(results: StudyResults, metric: str) -> dict[str, _Estimate]:
    return {
        f"{row.variant} - {row.baseline}": _of_effect(row)
        for row in results.effects
        if row.metric == metric
    }


def _of_effect(row: EffectRow) -> _Estimate:
    """Recover the standard error from the half width of the 95 % t interval."""
    if row.n < 2:
        return _Estimate(row.estimate, math.nan, row.n)
    half = (row.high - row.low) / 2
    return _Estimate(row.estimate, half / float(stdtrit(row.n - 1, 0.975)), row.n)


def _means(results: StudyResults, metric: str) -> dict[str, _Estimate]:
    return {
        row.name: _of_mean(row.metrics[metric]) for row in results.variants if metric in row.metrics
    }


def _of_mean(item: Interval) -> _Estimate:
    return _Estimate(item.mean, item.std / math.sqrt(item.n), item.n)


@dataclass(frozen=True)
class _Difference:
    """Difference of two means: its 95 % interval, and its tests."""

    low: float
    high: float
    p: float
    """p value of "the means are equal"."""
    p_equal: float
    """p value in favour of "they differ by less than `MARGIN`" (two one-sided tests)."""


def _welch(one: _Estimate, other: _Estimate) -> _Difference:
    """Return the tests of the difference by Welch's method; NaN with fewer than two seeds.

    Where no seed differs from another in either study, there is no error to test against; then the p
    value is that of the exact permutation test, which no other split of the seeds would exceed.
    """
    difference = one.mean - other.mean
    variance = one.error**2 + other.error**2
    if min(one.n, other.n) < 2 or math.isnan(variance):
        return _Difference(math.nan, math.nan, math.nan, math.nan)
    if variance <= (ROUNDING * max(abs(one.mean), abs(other.mean))) ** 2:
        splits = math.comb(one.n + other.n, one.n)
        differs = 2 / splits if difference else 1.0
        equal = 1 / splits if abs(difference) < MARGIN else 1.0
        return _Difference(difference, difference, differs, equal)
    freedom = variance**2 / (one.error**4 / (one.n - 1) + other.error**4 / (other.n - 1))
    error = math.sqrt(variance)
    half = float(stdtrit(freedom, 0.975)) * error
    p = 2 * float(stdtr(freedom, -abs(difference) / error))
    equal = float(stdtr(freedom, (abs(difference) - MARGIN) / error))
    return _Difference(difference - half, difference + half, p, equal)
