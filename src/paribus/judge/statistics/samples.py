"""Tests, intervals and power for the mean of a contrast, from its values over seeds.

`scipy.special` provides the t distribution, because it loads in a third of the time of
`scipy.stats`; the tests compare every function with `scipy.stats` and statsmodels.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt
from scipy.special import nctdtr, ndtri, stdtr, stdtrit

from paribus.judge.statistics.crossed import Spread

__all__ = ["Sample", "seeds_for_direction", "seeds_for_equality", "seeds_in_scope"]

EXACT_UP_TO = 16
"""Largest number of seeds for which the sign-flip test enumerates all sign patterns."""
FLIPS = 5_000
"""Number of random sign patterns with more seeds."""
MOST_SEEDS = 1000
"""Largest number of seeds that is ever forecast."""
ROUNDING = 1e-13
"""A standard deviation at most this fraction of the largest absolute value is rounding, and zero."""
POWER = 0.8
"""Power of a forecast: probability that the test detects the effect."""
UNEVEN = 15.0
"""Ratio of range to interquartile range above which a sample is `Sample.uneven`. Of normal samples of
7 to 40 values, fewer than one in 1,000 exceed it (a test simulates them)."""
FEWEST_UNEVEN = 7
"""Smallest number of values for which `Sample.uneven` may be true."""


@dataclass(frozen=True)
class Sample:
    """Values of a contrast over seeds, with the tests of their mean."""

    values: tuple[float, ...]
    """``(seed,)``"""
    spread: Spread | None = None
    """Uncertainty over seeds and images, if the images count as a sample; None for seeds alone."""

    @property
    def n(self) -> int:
        """Number of seeds."""
        return len(self.values)

    @cached_property
    def mean(self) -> float:
        """Mean over seeds, the estimate."""
        return math.fsum(self.values) / self.n

    @cached_property
    def std(self) -> float:
        """Standard deviation with n - 1; NaN for one seed, 0 where values differ by rounding alone."""
        if self.n < 2:
            return math.nan
        found = float(np.std(self.values, ddof=1))
        return 0.0 if found <= ROUNDING * max(map(abs, self.values)) else found

    @property
    def error(self) -> float:
        """Standard error of the mean."""
        return self.std / math.sqrt(self.n) if self.spread is None else self.spread.error

    @property
    def freedom(self) -> float:
        """Degrees of freedom of the standard error."""
        return self.n - 1 if self.spread is None else self.spread.freedom

    def interval(self, level: float) -> tuple[float, float]:
        """Return the t interval of the mean at a confidence level. Source: Student 1908."""
        if self.n < 2:
            return math.nan, math.nan
        half = float(stdtrit(self.freedom, (1 + level) / 2)) * self.error
        return self.mean - half, self.mean + half

    def single(self, level: float) -> tuple[float, float]:
        """Return the t prediction interval of one further value; NaN with fewer than two values."""
        if self.n < 2:
            return math.nan, math.nan
        half = float(stdtrit(self.n - 1, (1 + level) / 2)) * self.std * math.sqrt(1 + 1 / self.n)
        return self.mean - half, self.mean + half

    def p_differs(self, margin: float = 0.0) -> float:
        """Return the p value in favour of "the absolute mean exceeds the margin", two-sided.

        With margin 0 this is the paired t test. If all values are equal, the t test is undefined and
        the sign-flip test is used.
        """
        if self.n < 2:
            return math.nan
        if self.error == 0.0:
            return self.p_flip() if abs(self.mean) > margin else 1.0
        distance = (abs(self.mean) - margin) / self.error
        return min(1.0, 2 * float(stdtr(self.freedom, -distance)))

    def p_equal(self, margin: float) -> float:
        """Return the p value in favour of "the mean lies within the margin" (equivalence test).

        It is the larger p value of two one-sided t tests. Source: Schuirmann 1987.
        """
        if self.n < 2:
            return math.nan
        if self.error == 0.0:
            return 0.5 ** (self.n - 1) if abs(self.mean) < margin else 1.0
        below = float(stdtr(self.freedom, -(self.mean + margin) / self.error))
        above = float(stdtr(self.freedom, (self.mean - margin) / self.error))
        return max(below, above)

    def p_flip(self) -> float:
        """Return the two-sided p value of the sign-flip permutation test of "the mean is zero".

        Exact up to 16 seeds; above, from 5,000 sign patterns drawn with a fixed key.
        Source: Fisher 1935.
        """
        values = np.asarray(self.values)
        if self.n <= EXACT_UP_TO:
            signs = _sign_patterns(self.n)
            sums = np.abs(signs @ values)
            return float(np.mean(sums >= abs(values.sum()) * (1 - 1e-12)))
        signs = _drawn_signs(self.n)
        hits = np.sum(np.abs(signs @ values) >= abs(values.sum()) * (1 - 1e-12))
        return float((hits + 1) / (FLIPS + 1))

    @property
    def uneven(self) -> bool:
        """Whether a few values are far from the others, as those of networks that fail in part."""
        if self.n < FEWEST_UNEVEN:
            return False
        ordered, quarter = sorted(self.values), self.n // 4
        middle = ordered[-1 - quarter] - ordered[quarter]
        return ordered[-1] - ordered[0] > UNEVEN * middle

    @property
    def smallest_p_flip(self) -> float:
        """Smallest p value that the exact sign-flip test can give with this number of seeds."""
        return 2.0 ** (1 - self.n)


@lru_cache(maxsize=EXACT_UP_TO)
def _sign_patterns(n: int) -> npt.NDArray[np.int64]:
    """Return ``(pattern, seed)``: half of all sign patterns; the others have the same absolute sums."""
    patterns = np.arange(2 ** (n - 1), dtype=np.int64)[:, None]
    return np.asarray(1 - 2 * ((patterns >> np.arange(n)) & 1), dtype=np.int64)


@lru_cache(maxsize=32)
def _drawn_signs(n: int) -> npt.NDArray[np.int64]:
    """Return ``(pattern, seed)``: `FLIPS` random sign patterns, drawn with a fixed key."""
    draw = np.random.Generator(np.random.Philox(0))
    return np.asarray(1 - 2 * draw.integers(0, 2, (FLIPS, n)), dtype=np.int64)


def seeds_for_direction(effect: float, alpha: float, power: float = POWER) -> int | None:
    """Return how many seeds a two-sided t test needs to detect an effect.

    Args:
        effect: mean divided by standard deviation of the contrast.
        alpha: significance level.
        power: probability of detecting the effect.

    Returns:
        None if a thousand are too few. Oracle: ``statsmodels.stats.power.TTestPower``.
    """

    def found(n: int) -> float:
        critical = float(stdtrit(n - 1, 1 - alpha / 2))
        away = abs(effect) * math.sqrt(n)
        return 1 - _noncentral(n - 1, away, critical) + _noncentral(n - 1, away, -critical)

    return _smallest(lambda n: found(n) >= power) if effect else None


def seeds_for_equality(
    effect: float, margin: float, alpha: float, power: float = POWER
) -> int | None:
    """Return how many seeds two one-sided t tests need to show that an effect is within a margin.

    Args:
        effect: mean divided by standard deviation of the contrast.
        margin: margin divided by the same standard deviation.
        alpha: significance level of each test.
        power: probability of showing it.

    Returns:
        None if a thousand are too few, or if the effect is not smaller than the margin.
    """
    if abs(effect) >= margin:
        return None

    def shown(n: int) -> float:
        critical = float(stdtrit(n - 1, 1 - alpha))
        root = math.sqrt(n)
        above = 1 - _noncentral(n - 1, (effect + margin) * root, critical)
        below = _noncentral(n - 1, (effect - margin) * root, -critical)
        return above + below - 1

    return _smallest(lambda n: shown(n) >= power)


def _noncentral(freedom: int, away: float, t: float) -> float:
    """Return the distribution function of the noncentral t distribution.

    scipy returns NaN in tails with a probability below 1e-11; 0 or 1 is returned there.
    """
    below = float(nctdtr(freedom, away, t))
    return float(t > away) if math.isnan(below) else below


def seeds_in_scope(
    sample: Sample, margin: float, alpha: float, *, equality: bool, power: float = POWER
) -> int | None:
    """Return how many seeds decide a claim about the source of the images, by normal quantiles.

    With more seeds the standard error falls towards the part that is due to the images.

    Args:
        sample: a sample with ``spread``.
        margin: margin of the claim, in the metric's unit.
        alpha: significance level.
        equality: True to show that the mean is within the margin, False to show its direction.
        power: probability of showing it.

    Returns:
        None if a thousand are too few.
    """
    assert sample.spread is not None  # noqa: S101 - what the function is for
    floor = sample.spread.floor**2
    of_seeds = max(sample.error**2 - floor, 0.0) * sample.n
    if equality:
        away = margin - abs(sample.mean)
        quantiles = float(ndtri(1 - alpha) + ndtri((1 + power) / 2))
    else:
        away, quantiles = abs(sample.mean), float(ndtri(1 - alpha / 2) + ndtri(power))
    return _smallest(lambda n: away >= quantiles * math.sqrt(floor + of_seeds / n))


def _smallest(enough: Callable[[int], bool]) -> int | None:
    """Return the smallest number of seeds from 2 to 1,000 with ``enough(seeds)``; None if there is none.

    ``enough`` must be monotone. Most answers are small, so the number is doubled until it suffices,
    and then found by bisection.
    """
    high = 2
    while not enough(high):
        if high == MOST_SEEDS:
            return None
        high = min(2 * high, MOST_SEEDS)
    numbers = range(max(2, high // 2), high + 1)
    return numbers[bisect_left(numbers, True, key=enough)]
