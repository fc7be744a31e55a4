"""Recall and precision of each class over seeds, and reliability of the predicted probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
import numpy.typing as npt

from paribus.records import Predictions

__all__ = [
    "ClassRow",
    "ReliabilityPoint",
    "expected_calibration_error",
    "per_class",
    "reliability_points",
]

BINS = 10
"""Number of bins of equal width in [0, 1] for reliability."""


@dataclass(frozen=True)
class ClassRow:
    """Recall and precision of one class, each as mean, minimum and maximum over seeds."""

    name: str
    images: int
    """Number of images of the class."""
    recall: tuple[float, float, float]
    precision: tuple[float, float, float]


@dataclass(frozen=True)
class ReliabilityPoint:
    """One bin of a reliability diagram: predictions of similar confidence, all seeds together."""

    confidence: float
    """Mean probability of the predicted class."""
    accuracy: float
    """Fraction of these predictions that are correct."""
    share: float
    """Fraction of all predictions that fall into this bin."""
    guesses: int
    """Number of predictions in this bin."""


def per_class(predictions: Sequence[Predictions], class_names: Sequence[str]) -> list[ClassRow]:
    """Return one row per class; if a seed never predicts a class, its precision counts as 0.

    Source: `sklearn.metrics.precision_recall_fscore_support`, the oracle of the test.
    """
    rows = []
    for label, name in enumerate(class_names):
        recalls, precisions, images = [], [], 0
        for item in predictions:
            guessed, true = item.probabilities.argmax(1) == label, item.labels == label
            hits = int((guessed & true).sum())
            images = int(true.sum())
            recalls.append(hits / images if images else 0.0)
            precisions.append(hits / int(guessed.sum()) if guessed.any() else 0.0)
        rows.append(ClassRow(name, images, _spread(recalls), _spread(precisions)))
    return rows


def _spread(values: Sequence[float]) -> tuple[float, float, float]:
    return fmean(values), min(values), max(values)


def reliability_points(predictions: Sequence[Predictions]) -> list[ReliabilityPoint]:
    """Return accuracy by confidence in ten bins of equal width; empty bins are left out.

    Source: Guo et al. 2017, reliability diagrams.
    """
    confidence, right = _guesses(predictions)
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return [
        ReliabilityPoint(
            float(confidence[own].mean()),
            float(right[own].mean()),
            float(own.mean()),
            int(own.sum()),
        )
        for number in range(BINS)
        if (own := bins == number).any()
    ]


def expected_calibration_error(points: Sequence[ReliabilityPoint]) -> float:
    """Return the expected calibration error: the mean of |confidence - accuracy|, weighted by share."""
    return sum(point.share * abs(point.confidence - point.accuracy) for point in points)


def _guesses(
    predictions: Sequence[Predictions],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    confidence = np.concatenate([item.probabilities.max(1) for item in predictions])
    right = np.concatenate([item.probabilities.argmax(1) == item.labels for item in predictions])
    return confidence.astype(np.float64), right.astype(np.float64)
