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
        The outcome with additional entries in ``observed``: always ``inputs`` and ``class_counts`` of
        training and validation set; ``probe``, ``contradicted`` and (if examples are files)
        ``contradicted_files`` if the trial is done; ``counterfactuals`` if its loss was not finite.
    """
    found: dict[str, Any] = {"inputs": input_moments(data), "class_counts": class_counts(data)}
    if outcome.status == "done":
        found["probe"] = probe_network(trial, data, outcome.weights)
        for predictions in outcome.predictions:
            found["contradicted"] = contradicted(predictions)
            found |= _files([index for index, _, _ in found["contradicted"]], data)
    elif outcome.first_nonfinite is not None:
        steps = outcome.observed["failed_after"]
        found["counterfactuals"] = explain_failure(trial, data, steps, device)
    return replace(outcome, observed={**outcome.observed, **found})


def _files(ids: Sequence[int], data: PreparedData) -> dict[str, dict[str, str]]:
    """Return ``contradicted_files``, id -> file name; empty if examples are not files."""
    names = data.file_names
    return {"contradicted_files": {str(index): names[index] for index in ids}} if names else {}


def input_moments(data: PreparedData) -> dict[str, dict[str, Any]]:
    """Return the `moments` of the network's inputs, of the training and the validation set."""
    parts = {
        "train": (data.train_images, data.preprocessing),
        "validation": (data.validation_images, data.validation_preprocessing),
    }
    return {name: moments(*part) for name, part in parts.items() if len(part[0])}


def class_counts(data: PreparedData) -> dict[str, list[int]]:
    """Return the number of images of each class in the trial's training and validation set."""
    parts = {"train": data.train_labels, "validation": data.validation_labels}
    most = len(data.class_names)
    return {name: np.bincount(labels, minlength=most).tolist() for name, labels in parts.items()}


def moments(images: ImageSet, treatment: FittedPreprocessing) -> dict[str, Any]:
    """Return mean, standard deviation and fraction of finite values of some preprocessed images.

    Args:
        images: preprocessed images.
        treatment: their preprocessing, whose digest is returned as ``treatment``.
    """
    values = images.take(slice(0, MOST_MEASURED)).astype(np.float64)
    finite = np.isfinite(values)
    known = values[finite]
    return {
        "mean": float(known.mean()) if len(known) else 0.0,
        "std": float(known.std()) if len(known) else 0.0,
        "finite": float(finite.mean()),
        "treatment": treatment.digest(),
    }


def contradicted(predictions: Predictions) -> list[list[int]]:
    """Return ``[id, label, predicted class]`` of the images whose label the network contradicts.

    See `SURE`. The images are sorted by decreasing confidence; at most 200 are returned, or a
    twentieth of all if that is more.
    """
    guesses = predictions.probabilities.argmax(1)
    confidence = predictions.probabilities.max(1)
    of_label = predictions.probabilities[np.arange(len(guesses)), predictions.labels]
    wrong = np.flatnonzero((confidence >= SURE) & (of_label <= RULED_OUT))
    most = max(MOST_CONTRADICTED, int(CONTRADICTED_SHARE * len(guesses)))
    order = wrong[np.argsort(-confidence[wrong], kind="stable")][:most]
    return [[int(predictions.ids[k]), int(predictions.labels[k]), int(guesses[k])] for k in order]
