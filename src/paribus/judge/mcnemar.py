"""Two networks on the same images: the only test there is with one seed, and what it is about."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import bdtr

__all__ = ["McNemar", "mcnemar"]


@dataclass(frozen=True)
class McNemar:
    """Images that one network gets right and the other does not. Says nothing about other seeds."""

    only_left: int
    only_right: int
    p: float
    """Of "both are right equally often"; exact."""


def mcnemar(left: npt.NDArray[np.bool_], right: npt.NDArray[np.bool_]) -> McNemar:
    """Compare two networks image by image.

    Args:
        left: ``(image,)``, whether the first network is right.
        right: ``(image,)``, whether the second is, on the same images.

    Source: McNemar 1947; exact binomial p. Oracle:
    ``statsmodels.stats.contingency_tables.mcnemar(exact=True)``.
    """
    only_left, only_right = int(np.sum(left & ~right)), int(np.sum(right & ~left))
    count = only_left + only_right
    p = min(1.0, 2 * float(bdtr(min(only_left, only_right), count, 0.5))) if count else 1.0
    return McNemar(only_left, only_right, p)
