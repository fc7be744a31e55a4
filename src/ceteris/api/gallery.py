"""The few images that a report shows, kept beside the results so that the report needs no data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ceteris.data.dataset import Dataset
from ceteris.data.spec import DataSpec
from ceteris.data.splits import split_ids
from ceteris.execute.artifacts import read_arrays, read_predictions, trial_folder, write_arrays
from ceteris.records import Predictions

__all__ = ["Gallery", "keep_gallery", "load_gallery"]

SAMPLES_PER_CLASS = 2
MAX_SAMPLES = 40
MAX_MISTAKES = 24


@dataclass(frozen=True)
class Gallery:
    """Images by their index in the source."""

    images: npt.NDArray[np.uint8]
    """``(picture, height, width, channel)``"""
    ids: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]
    num_samples: int
    """The first so many are training samples, the rest mistakes."""
    maximum: int


def keep_gallery(out: Path, data: Dataset, spec: DataSpec, selected: str | None) -> None:
    """Keep training samples, and the most confident mistakes of a trial.

    Args:
        out: output folder.
        data: the data set of the selected variant.
        spec: its split.
        selected: identity of the selected variant's first trial, or None.
    """
    train = split_ids(spec.split, data.labels, data.num_train_part).train
    samples = _samples(train, data.labels, len(data.class_names))
    predictions = (
        None if selected is None else read_predictions(trial_folder(out, selected), "validation")
    )
    wrong = (
        np.empty(0, np.int64)
        if predictions is None
        else predictions.ids[most_confident(predictions)]
    )
    ids = np.concatenate([samples, wrong])
    write_arrays(
        out / "artifacts" / "gallery.safetensors",
        {
            "images": np.asarray(data.images[ids]),
            "ids": ids,
            "labels": data.labels[ids],
            "num_samples": np.array([len(samples)]),
            "maximum": np.array([data.maximum]),
        },
    )


def load_gallery(out: Path) -> Gallery | None:
    """Return what was kept; None if nothing was."""
    arrays = read_arrays(out / "artifacts" / "gallery.safetensors")
    if arrays is None:
        return None
    return Gallery(
        arrays["images"],
        arrays["ids"],
        arrays["labels"],
        int(arrays["num_samples"][0]),
        int(arrays["maximum"][0]),
    )


def most_confident(predictions: Predictions) -> npt.NDArray[np.int64]:
    """Return positions of wrong guesses, the most probable first."""
    guesses = predictions.probabilities.argmax(1)
    wrong = np.flatnonzero(guesses != predictions.labels)
    confidence = predictions.probabilities[wrong, guesses[wrong]]
    return wrong[np.argsort(-confidence, kind="stable")][:MAX_MISTAKES]


def _samples(
    train: npt.NDArray[np.int64], labels: npt.NDArray[np.int64], num_classes: int
) -> npt.NDArray[np.int64]:
    chosen: list[Sequence[int]] = []
    for label in range(min(num_classes, MAX_SAMPLES // SAMPLES_PER_CLASS)):
        chosen.append(train[labels[train] == label][:SAMPLES_PER_CLASS].tolist())
    return np.array([item for part in chosen for item in part], dtype=np.int64)
