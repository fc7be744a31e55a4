"""Planned looks at growing numbers of seeds: how much error each may spend.

Looking four times at p < 0.05 would be wrong one time in eight. With planned looks the error is
spent little by little, and stays 5 % in all.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from scipy.special import ndtr

from paribus.judge.verdicts import ALPHA

__all__ = ["nominal_levels"]

POINTS = 401
WIDEST = 8.0
"""Boundaries are looked for up to so many standard errors."""


@lru_cache(maxsize=32)
def nominal_levels(looks: Sequence[int], alpha: float = ALPHA) -> tuple[float, ...]:
    """Return the two-sided p value that decides at each look.

    The error spent until a share t of the seeds is alpha * t^2. Boundaries follow from the
    recursive integration of Armitage, McPherson & Rowe 1969 for normal sums.

    Args:
        looks: numbers of seeds, ascending; hashable.
        alpha: error of all looks together.

    Example:
        >>> [round(level, 4) for level in nominal_levels((5, 10, 15, 20))]
        [0.0031, 0.0105, 0.0214, 0.0364]

    Source: Lan & DeMets 1983, with the spending function of Kim & DeMets 1987 (rho = 2).
    """
    shares = [look / looks[-1] for look in looks]
    levels: list[float] = []
    grid = density = None
    before = spent = 0.0
    for share in shares:
        spend = alpha * share**2 - spent
        step = (share - before) ** 0.5
        boundary = _boundary(spend, share, step, grid, density)
        levels.append(2 * float(ndtr(-boundary)))
        inner = np.linspace(-boundary, boundary, POINTS) * share**0.5
        density = _carried(inner, step, grid, density)
        grid, before, spent = inner, share, alpha * share**2
    return tuple(levels)


Numbers = np.ndarray[tuple[int], np.dtype[np.float64]]


def _boundary(
    spend: float, share: float, step: float, grid: Numbers | None, density: Numbers | None
) -> float:
    """Find the boundary that is first crossed with probability ``spend``."""
    low, high = 0.0, WIDEST
    while high - low > 1e-9:
        middle = (low + high) / 2
        if _crossing(middle * share**0.5, step, grid, density) > spend:
            low = middle
        else:
            high = middle
    return high


def _crossing(edge: float, step: float, grid: Numbers | None, density: Numbers | None) -> float:
    """Return the probability that the sum leaves (-edge, edge) now, having been inside before."""
    if grid is None or density is None:
        return 2 * float(ndtr(-edge / step))
    outside = ndtr((grid - edge) / step) + ndtr((-edge - grid) / step)
    return float(np.trapezoid(outside * density, grid))


def _carried(
    points: Numbers, step: float, grid: Numbers | None, density: Numbers | None
) -> Numbers:
    """Return the density of sums that have stayed inside, after another increment."""
    if grid is None or density is None:
        return _normal(points, step)
    kernel = _normal(points[:, None] - grid[None, :], step)
    return np.asarray(np.trapezoid(kernel * density[None, :], grid, axis=1), dtype=np.float64)


def _normal(x: Numbers, deviation: float) -> Numbers:
    result: Numbers = np.exp(-0.5 * (x / deviation) ** 2) / (deviation * (2 * np.pi) ** 0.5)
    return result
