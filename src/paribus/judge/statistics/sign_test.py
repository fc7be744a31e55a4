"""The exact sign test of seeds that are won and lost, its interval, and a forecast of its seeds.

For one pair of variants and the outcome "collapsed", the same test is McNemar's: the won and lost
seeds are the ones in which exactly one of the two collapses.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.special import bdtr, bdtri, gammaln, xlogy

__all__ = ["Signs", "seeds_to_tell"]

MOST_SEEDS = 1000
"""Largest number of seeds that is ever forecast."""
POWER = 0.8
"""Power of a forecast: probability that the test detects the difference."""


@dataclass(frozen=True)
class Signs:
    """Numbers of seeds with a positive, a negative and a zero value."""

    plus: int
    minus: int
    ties: int = 0

    @property
    def n(self) -> int:
        """Number of seeds, ties included."""
        return self.plus + self.minus + self.ties

    @property
    def differing(self) -> int:
        """Number of seeds without ties, on which the test is conditional."""
        return self.plus + self.minus

    @property
    def balance(self) -> float:
        """Share of positive minus share of negative seeds, from -1 to 1."""
        return (self.plus - self.minus) / self.n if self.n else math.nan

    def p(self) -> float:
        """Return the exact two-sided p value of "plus and minus are equally probable".

        Ties are left out. Source: Arbuthnot 1710; as a test of paired proportions McNemar 1947.
        Oracles: ``scipy.stats.binomtest``, ``statsmodels.stats.contingency_tables.mcnemar``.
        """
        if not self.differing:
            return 1.0
        fewer = min(self.plus, self.minus)
        return min(1.0, 2 * float(bdtr(fewer, self.differing, 0.5)))

    def interval(self, level: float) -> tuple[float, float]:
        """Return the interval of `balance`, conditional on the number of seeds that differ.

        It excludes zero where ``p() <= 1 - level``, and nowhere else. NaN without seeds that differ.

        Source: Clopper & Pearson 1934 for the share of positive among the seeds that differ.
        Oracle: ``scipy.stats.binomtest(...).proportion_ci(method="exact")``.
        """
        count = self.differing
        if not count:
            return math.nan, math.nan
        tail = (1 - level) / 2
        low = 0.0 if not self.plus else 1 - float(bdtri(count - self.plus, count, tail))
        high = 1.0 if not self.minus else float(bdtri(self.plus, count, tail))
        share = count / self.n
        return (2 * low - 1) * share, (2 * high - 1) * share


@lru_cache(maxsize=256)
def seeds_to_tell(plus: float, minus: float, alpha: float, power: float = POWER) -> int | None:
    """Return how many seeds the exact sign test needs to tell two probabilities apart.

    Args:
        plus: probability that a seed is positive.
        minus: probability that a seed is negative.
        alpha: two-sided significance level.
        power: probability of a significant result on the side of the larger probability.

    Returns:
        The smallest number of seeds with this power; None if a thousand are too few, or if the
        probabilities are equal.

    Example:
        >>> seeds_to_tell(0.1, 0.0, 0.05)
        78
    """
    if plus == minus:
        return None
    more, less = max(plus, minus), min(plus, minus)
    total = min(1.0, more + less)
    differing = np.arange(1, MOST_SEEDS + 1)
    losses = _most_losses(alpha)
    significant = np.where(losses < 0, 0.0, bdtr(np.maximum(losses, 0), differing, less / total))
    for n in range(2, MOST_SEEDS + 1):
        if total * n < 1:
            continue
        if float(_binomial(n, total) @ significant[:n]) >= power:
            return n
    return None


def _binomial(n: int, p: float) -> npt.NDArray[np.float64]:
    """Return the probabilities of 1, 2, ... n successes among n."""
    k = np.arange(1, n + 1)
    ways = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return np.asarray(np.exp(ways + xlogy(k, p) + xlogy(n - k, 1 - p)), dtype=np.float64)


@lru_cache(maxsize=256)
def _most_losses(alpha: float) -> npt.NDArray[np.int64]:
    """Return the largest significant number of losses among 1, 2, ... differing seeds; -1 for none."""
    found = []
    losses = -1
    for differing in range(1, MOST_SEEDS + 1):
        while 2 * float(bdtr(losses + 1, differing, 0.5)) <= alpha:
            losses += 1
        found.append(losses)
    return np.array(found)
