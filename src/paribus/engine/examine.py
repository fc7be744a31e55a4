"""What is found out about a trial after it has ended, for the checks: it changes no result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from paribus.data.images import ImageSet
from paribus.data.prepare import FittedPreprocessing, PreparedData
from paribus.engine.counterfactual import explain_failure
from paribus.engine.probe import probe_network
from paribus.records import Predictions, Trial, TrialOutcome

__all__ = ["SURE", "class_counts", "contradicted", "examine", "input_moments", "moments"]

SURE, RULED_OUT = 0.5, 0.05
"""A network contradicts a label if another class has at least, and the label at most this probability."""
MOST_CONTRADICTED = 200
CONTRADICTED_SHARE = 0.05
"""Of the images, how many are kept if that is more: enough to tell wrong labels from shared mistakes."""
MOST_MEASURED = 2_000
"""Images per part whose mean and deviation are taken."""


def examine(
    trial: Trial, data: PreparedData, outcome: TrialOutcome, device: str = "cpu"
) -> TrialOutcome:
    """Look inside a trained network, or for the cause of a failure.

    Args:
        trial: has ended.
        data: prepared for it.
        outcome: how.
        device: where failures are run again.

    Returns:
        The outcome, which has observed more: ``probe``, ``contradicted`` and (where images have
        files) ``contradicted_files`` of a trial that ended well, ``counterfactuals`` of one whose
        loss was not finite; ``inputs`` and ``class_counts`` of both parts in any case.
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
    """Return the files of some images by id, where the source has files."""
    names = data.file_names
    return {"contradicted_files": {str(index): names[index] for index in ids}} if names else {}


def input_moments(data: PreparedData) -> dict[str, dict[str, Any]]:
    """Return mean and deviation of the numbers that reach the network, by part of the data."""
    parts = {
        "train": (data.train_images, data.preprocessing),
        "validation": (data.validation_images, data.validation_preprocessing),
    }
    return {name: moments(*part) for name, part in parts.items() if len(part[0])}


def class_counts(data: PreparedData) -> dict[str, list[int]]:
    """Return the images per class of the parts as the trial sees them, `train_size` included."""
    parts = {"train": data.train_labels, "validation": data.validation_labels}
    most = len(data.class_names)
    return {name: np.bincount(labels, minlength=most).tolist() for name, labels in parts.items()}


def moments(images: ImageSet, treatment: FittedPreprocessing) -> dict[str, Any]:
    """Return mean, deviation and the share of finite numbers of some images, and what was done to them.

    Args:
        images: as a network sees them.
        treatment: what has been done to them.
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
    """Return ``[id, label, guess]`` of images whose label the network is sure is another one.

    The surest come first; at most 200, or a twentieth of all if that is more.
    """
    guesses = predictions.probabilities.argmax(1)
    confidence = predictions.probabilities.max(1)
    of_label = predictions.probabilities[np.arange(len(guesses)), predictions.labels]
    wrong = np.flatnonzero((confidence >= SURE) & (of_label <= RULED_OUT))
    most = max(MOST_CONTRADICTED, int(CONTRADICTED_SHARE * len(guesses)))
    order = wrong[np.argsort(-confidence[wrong], kind="stable")][:most]
    return [[int(predictions.ids[k]), int(predictions.labels[k]), int(guesses[k])] for k in order]
