"""Hotelling's test of whether the means of several contrasts are all zero.

Like all tests of this package it uses `scipy.special`, which loads in a third of the time of
`scipy.stats`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import fdtrc

from paribus.judge.statistics.samples import Sample

__all__ = ["Hotelling", "hotelling", "joint_p"]

DEPENDENT = 1e-9
"""Relative tolerance: a standard deviation below this fraction of the largest value is rounding."""


@dataclass(frozen=True)
class Hotelling:
    """Result of the test of "all means are zero"."""

    statistic: float
    """Test statistic, F-distributed with ``degrees`` if all means are zero."""
    degrees: tuple[int, int]
    p: float


def hotelling(rows: npt.NDArray[np.float64]) -> Hotelling:
    r"""Test whether the means of all columns are zero, from complete rows.

    With ``n`` rows of ``k`` columns, their mean ``m`` and their covariance ``S`` (with n - 1),
    T^2 = n m' S^-1 m, and T^2 (n - k) / (k (n - 1)) is distributed as F with k and n - k degrees of
    freedom. With one column it is the t test, T^2 being t^2. A NaN in the rows makes p NaN.

    Args:
        rows: ``(seed, contrast)``, more rows than columns.

    Returns:
        F, its degrees of freedom, and p.

    Raises:
        numpy.linalg.LinAlgError: a column is constant or follows from the others.
        ZeroDivisionError: there are as many columns as rows.

    Example:
        >>> hotelling(np.array([[1.0, 2.0], [2.0, 1.0], [3.0, 5.0], [2.0, 4.0]])).degrees
        (2, 2)

    Source: Hotelling 1931, "The generalization of Student's ratio", Annals of Mathematical
    Statistics 2, 360-378; in this form Anderson 2003, "An Introduction to Multivariate Statistical
    Analysis", section 5.2. Oracle: ``statsmodels.stats.multivariate.test_mvmean``, bit-identical.
    """
    n, count = rows.shape
    mean = rows.mean(0)
    covariance = np.atleast_2d(np.cov(rows, rowvar=False, ddof=1))
    squared = n * mean.dot(np.linalg.solve(covariance, mean))
    statistic = float(squared / ((n - 1) * count / (n - count)))
    # Rounding can make the statistic negative, for which `fdtrc` is not defined.
    p = 1.0 if statistic < 0 else float(fdtrc(count, n - count, statistic))
    return Hotelling(statistic, (count, n - count), p)


def joint_p(samples: Sequence[Sample], pairs: Sequence[Sample]) -> float:
    """Return the p value of "all these contrasts have mean zero".

    It is Hotelling's test of ``samples``. With too few seeds for it, where the images count as a
    sample, or where the contrasts are linearly dependent over seeds (for example because outcomes are
    equal), it is the smallest p value of ``pairs``, adjusted by Bonferroni.

    Args:
        samples: independent contrasts, such as every level against the first one.
        pairs: contrasts of every two levels, so that the result does not depend on their order.
    """
    count, n = len(samples), samples[0].n
    rows = np.array([sample.values for sample in samples]).T
    if n > count + 1 and samples[0].spread is None and _independent(rows):
        return hotelling(rows).p
    return min(1.0, len(pairs) * min(sample.p_differs() for sample in pairs))


def _independent(rows: npt.NDArray[np.float64]) -> bool:
    """Return whether the columns of ``(seed, contrast)`` are linearly independent and not constant.

    The covariance of centred and scaled columns decides, as it is what Hotelling's test inverts.
    """
    spread = rows.std(0)
    if (spread <= DEPENDENT * np.abs(rows).max(0)).any():
        return False
    scaled = (rows - rows.mean(0)) / spread
    rank = int(np.linalg.matrix_rank(scaled, tol=DEPENDENT * math.sqrt(rows.size)))
    return bool(rank == rows.shape[1])
