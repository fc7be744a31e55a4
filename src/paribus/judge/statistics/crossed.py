"""Standard error of a mean over seeds crossed with images, both of them random samples.

For a fixed set of images, the standard error goes to zero as seeds are added. A statement about the
source of the images has a second error, from sampling the images, which no number of seeds removes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Spread", "crossed_spread"]

Table = npt.NDArray[np.float64]
"""``(seed, image)``"""


@dataclass(frozen=True)
class Spread:
    """Uncertainty of a mean over seeds and images."""

    error: float
    """Standard error, in the unit of the values."""
    freedom: float
    """Degrees of freedom of ``error``, by Satterthwaite's approximation."""
    floor: float
    """Standard error due to the images alone: the limit of ``error`` for infinitely many seeds."""


def crossed_spread(values: Table) -> Spread:
    """Return the uncertainty of the mean of a crossed table.

    The variance is (MS_seed + MS_image - MS_rest) / (seeds * images), and at least
    MS_seed / (seeds * images), the variance due to seeds. All fields are NaN with one seed or image.

    Args:
        values: ``(seed, image)``; for a difference in accuracy 1 if only the first variant is right
            on the image, -1 if only the second is, else 0.

    Source: Searle, Casella & McCulloch 1992, two-way crossed random model without replication;
    Satterthwaite 1946 for the degrees of freedom.
    """
    seeds, images = values.shape
    if seeds < 2 or images < 2:
        return Spread(math.nan, math.nan, math.nan)
    mean = values.mean()
    rows, columns = values.mean(1), values.mean(0)
    of_seed = images * float(((rows - mean) ** 2).sum()) / (seeds - 1)
    of_image = seeds * float(((columns - mean) ** 2).sum()) / (images - 1)
    rest = values - rows[:, None] - columns[None, :] + mean
    of_rest = float((rest**2).sum()) / ((seeds - 1) * (images - 1))
    total = max(of_seed + of_image - of_rest, of_seed)
    parts = (
        of_seed**2 / (seeds - 1),
        of_image**2 / (images - 1),
        of_rest**2 / ((seeds - 1) * (images - 1)),
    )
    freedom = max(total**2 / sum(parts), 1.0) if sum(parts) else float(seeds - 1)
    count = seeds * images
    return Spread(
        error=math.sqrt(total / count),
        freedom=freedom,
        floor=math.sqrt(max(of_image - of_rest, 0.0) / count),
    )
