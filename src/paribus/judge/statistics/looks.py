"""Significance levels for planned interim looks (a group-sequential test) at growing numbers of seeds.

Four looks at p < 0.05 each would have a type I error of about one in eight. An alpha-spending
function divides the 5 % among the looks instead, so that the total error stays 5 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from scipy.special import ndtr

from paribus.judge.verdicts import ALPHA

__all__ = ["nominal_levels"]

POINTS = 401
"""Points of the grid on which densities are integrated."""
WIDEST = 8.0
"""Upper limit of the search for boundaries, in standard errors."""


@lru_cache(maxsize=32)
def nominal_levels(looks: Sequence[int], alpha: float = ALPHA) -> tuple[float, ...]:
    """Return the significance level of each look, for its two-sided p value.

    The error spent up to a fraction t of the seeds is alpha * t^2. Boundaries follow by the
    recursive integration of Armitage, McPherson & Rowe 1969 for normal sums.

    Args:
        looks: number of seeds at each look, ascending; hashable, since results are cached.
        alpha: type I error of all looks together.

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
    """Return the boundary z, in standard errors, that is first crossed at this look with probability
    ``spend``, by bisection.
    """
    low, high = 0.0, WIDEST
    while high - low > 1e-9:
        middle = (low + high) / 2
        if _crossing(middle * share**0.5, step, grid, density) > spend:
            low = middle
        else:
            high = middle
    return high


def _crossing(edge: float, step: float, grid: Numbers | None, density: Numbers | None) -> float:
    """Return the probability that the sum is outside (-edge, edge) now and was inside at all earlier
    looks.

    Args:
        edge: boundary of the sum.
        step: standard deviation of the increment since the last look.
        grid: ``(point,)`` sums at the last look; None at the first.
        density: ``(point,)`` density of these sums; None at the first look.
    """
    if grid is None or density is None:
        return 2 * float(ndtr(-edge / step))
    outside = ndtr((grid - edge) / step) + ndtr((-edge - grid) / step)
    return float(np.trapezoid(outside * density, grid))


def _carried(
    points: Numbers, step: float, grid: Numbers | None, density: Numbers | None
) -> Numbers:
    """Return the density at ``points`` of sums that stayed inside at earlier looks, after another
    normal increment with standard deviation ``step``.
    """
    if grid is None or density is None:
        return _normal(points, step)
    kernel = _normal(points[:, None] - grid[None, :], step)
    return np.asarray(np.trapezoid(kernel * density[None, :], grid, axis=1), dtype=np.float64)


def _normal(x: Numbers, deviation: float) -> Numbers:
    result: Numbers = np.exp(-0.5 * (x / deviation) ** 2) / (deviation * (2 * np.pi) ** 0.5)
    return result
