"""Accuracy of classifiers that see no shapes, only one pixel or the mean colour of an image.

A network that is no better has learned nothing about shapes. If these classifiers are accurate, the
images leak the class, for example by a mark in a corner, the background or the camera.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from paribus.data.dataset import Dataset
from paribus.data.splits import Split

__all__ = ["MOST", "trivial_accuracies"]

MOST = 2_000
"""Largest number of training images, and of validation images, that are used."""

Table = npt.NDArray[np.float64]
Ids = npt.NDArray[np.int64]


def trivial_accuracies(data: Dataset, split: Split) -> dict[str, float]:
    """Validation accuracy of a nearest-class-mean classifier that sees one pixel, or the mean colour.

    Args:
        data: the data set.
        split: example ids of training and validation set.

    Returns:
        ``one pixel`` (the pixel and channel with the best training accuracy) and ``mean colour`` ->
        validation accuracy; empty if the training or validation set is empty.
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
    """Return the accuracy of a nearest-class-mean classifier.

    Args:
        features: ``(example, feature)``, training images.
        labels: ``(example,)``, their labels.
        asked: ``(example, feature)``, images to classify.
        truth: ``(example,)``, their labels.
        classes: ``(class,)``, distinct training labels.
    """
    means = np.stack([features[labels == label].mean(0) for label in classes])
    distances = ((asked[:, None, :] - means[None]) ** 2).sum(2)
    return float((classes[distances.argmin(1)] == truth).mean())
