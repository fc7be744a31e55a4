"""Rates of outcomes over seeds, with Wilson intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import ndtri

__all__ = ["Rate"]


@dataclass(frozen=True)
class Rate:
    """Number of seeds, of n, in which an outcome occurred."""

    count: int
    n: int

    @property
    def share(self) -> float:
        """The rate, NaN without seeds."""
        return self.count / self.n if self.n else math.nan

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Return the score interval of the probability.

        Source: Wilson 1927. Oracle: ``scipy.stats.binomtest(...).proportion_ci(method="wilson")``.

        Example:
            >>> [round(limit, 2) for limit in Rate(1, 10).interval()]
            [0.02, 0.4]
        """
        if not self.n:
            return math.nan, math.nan
        z = float(ndtri((1 + level) / 2))
        centre = (self.share + z * z / (2 * self.n)) / (1 + z * z / self.n)
        spread = self.share * (1 - self.share) / self.n + z * z / (4 * self.n**2)
        half = z * math.sqrt(spread) / (1 + z * z / self.n)
        low = 0.0 if self.count == 0 else centre - half
        high = 1.0 if self.count == self.n else centre + half
        return low, high
