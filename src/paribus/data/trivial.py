"""What can be told of a class without looking at any shape: from one pixel, or from the mean colour.

A network that can do no better has learned nothing about shapes; data that give much away here were
made in a way that leaks the class (a mark in a corner, a background, another camera).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from paribus.data.dataset import Dataset
from paribus.data.splits import Split

__all__ = ["MOST", "trivial_accuracies"]

MOST = 2_000
"""Images of a part that are looked at."""

Table = npt.NDArray[np.float64]
Ids = npt.NDArray[np.int64]


def trivial_accuracies(data: Dataset, split: Split) -> dict[str, float]:
    """Return how often validation images are classified by the nearest class mean of little.

    Args:
        data: the source.
        split: ids of the parts.

    Returns:
        ``one pixel`` (the best one, chosen on training images) and ``mean colour``; empty if a part
        is empty.
    """
    train, held_out = split.train[:MOST], split.validation[:MOST]
    if not len(train) or not len(held_out):
        return {}
    known, asked = data.labels[train], data.labels[held_out]
    pixels = data.images[train].reshape(len(train), -1).astype(np.float64)
    classes = np.unique(known)
    own = (_right(column[:, None], known, column[:, None], known, classes) for column in pixels.T)
    best = int(np.argmax(list(own)))
    asked_pixels = data.images[held_out].reshape(len(held_out), -1).astype(np.float64)
    chosen, answer = pixels[:, best : best + 1], asked_pixels[:, best : best + 1]
    colour = data.images[train].mean((1, 2), dtype=np.float64)
    asked_colour = data.images[held_out].mean((1, 2), dtype=np.float64)
    return {
        "one pixel": _right(chosen, known, answer, asked, classes),
        "mean colour": _right(colour, known, asked_colour, asked, classes),
    }


def _right(features: Table, labels: Ids, asked: Table, truth: Ids, classes: Ids) -> float:
    """Return the accuracy of the nearest class mean, ``(example, feature)`` both."""
    means = np.stack([features[labels == label].mean(0) for label in classes])
    distances = ((asked[:, None, :] - means[None]) ** 2).sum(2)
    return float((classes[distances.argmin(1)] == truth).mean())
