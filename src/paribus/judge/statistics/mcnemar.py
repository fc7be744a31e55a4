"""McNemar's test of two networks on the same images, the only test available with one seed.

It compares these two trained networks; the variation over seeds does not enter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import bdtr

__all__ = ["McNemar", "mcnemar"]


@dataclass(frozen=True)
class McNemar:
    """Images that exactly one of two networks classifies correctly. No statement about other seeds."""

    only_left: int
    """Images that only the first network classifies correctly."""
    only_right: int
    """Images that only the second network classifies correctly."""
    p: float
    """Exact two-sided p value of "both networks have the same accuracy"."""


def mcnemar(left: npt.NDArray[np.bool_], right: npt.NDArray[np.bool_]) -> McNemar:
    """Compare two networks image by image.

    Args:
        left: ``(image,)``, whether the first network is correct.
        right: ``(image,)``, whether the second network is correct, on the same images.

    Source: McNemar 1947, in its exact binomial form. Oracle:
    ``statsmodels.stats.contingency_tables.mcnemar(exact=True)``.
    """
    only_left, only_right = int(np.sum(left & ~right)), int(np.sum(right & ~left))
    count = only_left + only_right
    p = min(1.0, 2 * float(bdtr(min(only_left, only_right), count, 0.5))) if count else 1.0
    return McNemar(only_left, only_right, p)
