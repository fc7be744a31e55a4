"""Examination of a trial after it has ended, for the checks. It does not change results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from paribus.data.image_arrays import ImageSet
from paribus.data.prepare import FittedPreprocessing, PreparedData
from paribus.engine.inspection.counterfactual import explain_failure
from paribus.engine.inspection.probe import probe_network
from paribus.observed import Contradiction, Moments, Part
from paribus.records import Predictions, Trial, TrialOutcome

__all__ = ["SURE", "class_counts", "contradicted", "examine", "input_moments", "moments"]

SURE, RULED_OUT = 0.5, 0.05
"""A network contradicts a label if another class has at least the first probability, and the label at
most the second."""
MOST_CONTRADICTED = 200
"""Number of contradicted images that are always kept."""
CONTRADICTED_SHARE = 0.05
"""Fraction of the images that is kept if it is more, to tell wrong labels from shared mistakes."""
MOST_MEASURED = 2_000
"""Number of images per split used for mean and standard deviation."""


def examine(
    trial: Trial, data: PreparedData, outcome: TrialOutcome, device: str = "cpu"
) -> TrialOutcome:
    """Probe a trained network, or search for the cause of a failure.

    Args:
        trial: a trial that has ended.
        data: its prepared data.
        outcome: its outcome.
        device: device for counterfactual runs.

    Returns:
        The outcome with more in ``observed``: always ``inputs`` and ``class_counts`` of
        training and validation set; ``probe``, ``contradicted`` and (if examples are files)
        ``contradicted_files`` if the trial is done; ``counterfactuals`` if its loss was not finite.
    """
    found = replace(outcome.observed, inputs=input_moments(data), class_counts=class_counts(data))
    if outcome.status == "done":
        found = replace(found, probe=probe_network(trial, data, outcome.weights))
        for predictions in outcome.predictions:
            rows = contradicted(predictions)
            found = replace(found, contradicted=rows, contradicted_files=_files(rows, data))
    elif found.failed_after is not None:
        rerun = explain_failure(trial, data, found.failed_after, device)
        found = replace(found, counterfactuals=rerun)
    return replace(outcome, observed=found)


def _files(rows: Sequence[Contradiction], data: PreparedData) -> dict[int, str] | None:
    """Return id -> file name; None if examples are not files."""
    names = data.file_names
    return {row.id: names[row.id] for row in rows} if names else None


def input_moments(data: PreparedData) -> dict[Part, Moments]:
    """Return the `moments` of the network's inputs, of the training and the validation set."""
    parts: dict[Part, tuple[ImageSet, FittedPreprocessing]] = {
        "train": (data.train_images, data.preprocessing),
        "validation": (data.validation_images, data.validation_preprocessing),
    }
    return {name: moments(*part) for name, part in parts.items() if len(part[0])}


def class_counts(data: PreparedData) -> dict[Part, tuple[int, ...]]:
    """Return the number of images of each class in the trial's training and validation set."""
    most = len(data.class_names)
    parts: tuple[tuple[Part, Any], ...] = (
        ("train", data.train_labels),
        ("validation", data.validation_labels),
    )
    return {name: tuple(np.bincount(own, minlength=most).tolist()) for name, own in parts}


def moments(images: ImageSet, treatment: FittedPreprocessing) -> Moments:
    """Return mean, standard deviation and fraction of finite values of some preprocessed images.

    Args:
        images: preprocessed images.
        treatment: their preprocessing, whose digest is returned as ``treatment``.
    """
    values = images.take(slice(0, MOST_MEASURED)).astype(np.float64)
    finite = np.isfinite(values)
    known = values[finite]
    return Moments(
        mean=float(known.mean()) if len(known) else 0.0,
        std=float(known.std()) if len(known) else 0.0,
        finite=float(finite.mean()),
        treatment=treatment.digest(),
    )


def contradicted(predictions: Predictions) -> tuple[Contradiction, ...]:
    """Return the images whose label the network contradicts.

    See `SURE`. The images are sorted by decreasing confidence; at most 200 are returned, or a
    twentieth of all if that is more.
    """
    guesses = predictions.probabilities.argmax(1)
    confidence = predictions.probabilities.max(1)
    of_label = predictions.probabilities[np.arange(len(guesses)), predictions.labels]
    wrong = np.flatnonzero((confidence >= SURE) & (of_label <= RULED_OUT))
    most = max(MOST_CONTRADICTED, int(CONTRADICTED_SHARE * len(guesses)))
    order = wrong[np.argsort(-confidence[wrong], kind="stable")][:most]
    return tuple(
        Contradiction(int(predictions.ids[k]), int(predictions.labels[k]), int(guesses[k]))
        for k in order
    )
