"""Files of a trial: weights, preprocessing, predictions, and a checkpoint while it runs.

Files are safetensors with a checksum, written so that a crash or a power cut leaves the old file or
the new one: data, fsync, rename, fsync of the folder. Files of earlier versions have no checksum.
Types and shapes are checked in all files, so that a damaged one raises a package error. Does not import torch.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from paribus.data.prepare import FittedPreprocessing
from paribus.durable import remove
from paribus.errors import TrialError
from paribus.execute.sealed import BROKEN, Arrays, damaged, find_sealed, read_sealed, write_sealed
from paribus.records import EpochRecord, Predictions

__all__ = [
    "Split",
    "drop_checkpoint",
    "drop_partials",
    "read_arrays",
    "read_checkpoint",
    "read_described",
    "read_predictions",
    "read_weights_file",
    "trial_folder",
    "unreadable",
    "write_arrays",
    "write_checkpoint",
    "write_predictions",
    "write_weights",
]

Split = Literal["validation", "test"]

WEIGHTS, PREPROCESSING = "weights.safetensors", "preprocessing.safetensors"
CHECKPOINT = "checkpoint.safetensors"


def trial_folder(out: Path, identity: str) -> Path:
    """Return the folder of a trial's artifacts."""
    return out / "artifacts" / identity[:16]


def write_weights(
    folder: Path, weights: Mapping[str, npt.NDArray[np.float32]], preprocessing: FittedPreprocessing
) -> None:
    """Write a network's weights and the preprocessing of its input."""
    described = preprocessing.to_json()
    write_sealed(folder / PREPROCESSING, preprocessing.to_tensors(), described)
    write_sealed(folder / WEIGHTS, weights, "{}")


def read_weights_file(
    folder: Path,
) -> tuple[dict[str, npt.NDArray[np.float32]], FittedPreprocessing]:
    """Read what `write_weights` wrote.

    Raises:
        TrialError: a file is missing or damaged.
    """
    weights, _ = read_sealed(folder / WEIGHTS)
    if any(array.dtype != np.float32 for array in weights.values()):
        raise damaged(folder / WEIGHTS, "others", rule="must hold numbers of 32 bits")
    tensors, text = read_sealed(folder / PREPROCESSING)
    try:
        return weights, FittedPreprocessing.restored(text, tensors)
    except BROKEN as error:
        rule = "must say how images are prepared"
        raise damaged(folder / PREPROCESSING, "something else", rule=rule) from error


def write_predictions(folder: Path, predictions: Predictions) -> None:
    """Write the class probabilities of one split, and their logarithms where they are known."""
    tensors: Arrays = {
        "ids": predictions.ids,
        "labels": predictions.labels,
        "probabilities": predictions.probabilities,
    }
    if predictions.log_probabilities is not None:
        tensors["log_probabilities"] = predictions.log_probabilities
    write_sealed(_predictions(folder, predictions.split), tensors, "{}")


def read_predictions(folder: Path, split: Split) -> Predictions | None:
    """Read the predictions of one split; None if there are none.

    Raises:
        TrialError: the file is damaged.
    """
    path = _predictions(folder, split)
    found = find_sealed(path)
    if found is None:
        return None
    tensors, _ = found
    try:
        read = Predictions(
            split,
            tensors["ids"],
            tensors["labels"],
            tensors["probabilities"],
            tensors.get("log_probabilities"),
        )
    except KeyError as error:
        raise damaged(path, f"no {error}", rule="must hold predictions") from error
    if not _fits(read):
        rule = "must hold a label and a probability of every class for every image"
        raise damaged(path, "something else", rule=rule)
    return read


def unreadable(folder: Path, splits: Sequence[Split] = ()) -> str | None:
    """Return why the files of a finished trial cannot be read; None if all can be read.

    A trial whose weights or predictions are damaged or missing must be trained again.

    Args:
        folder: folder of the trial's artifacts.
        splits: splits whose predictions must exist; those of other splits may be missing, but not damaged.
    """
    try:
        read_weights_file(folder)
        for split in ("validation", "test"):
            if read_predictions(folder, split) is None and split in splits:
                raise damaged(_predictions(folder, split), "no file", rule="must exist")
    except TrialError as error:
        problem = error.problems[0]
        return f"{Path(problem.where).name} {problem.rule}, got {problem.got}"
    return None


def write_checkpoint(
    folder: Path, records: tuple[EpochRecord, ...], groups: Mapping[str, Arrays]
) -> None:
    """Write the state of a trial after an epoch: its epoch records, and groups of named arrays."""
    tensors = {
        f"{group}:{name}": array
        for group, arrays in groups.items()
        for name, array in arrays.items()
    }
    text = json.dumps([asdict(record) for record in records])
    write_sealed(folder / CHECKPOINT, tensors, text)


def read_checkpoint(folder: Path) -> tuple[tuple[EpochRecord, ...], dict[str, Arrays]] | None:
    """Read a checkpoint; None if there is none, or it is damaged (the trial then starts again)."""
    try:
        found = find_sealed(folder / CHECKPOINT)
        if found is None:
            return None
        tensors, text = found
        records = tuple(EpochRecord(**record) for record in json.loads(text))
    except (TrialError, *BROKEN):
        return None
    groups: dict[str, Arrays] = {}
    for key, array in tensors.items():
        group, _, name = key.partition(":")
        groups.setdefault(group, {})[name] = array
    return records, groups


def write_arrays(path: Path, arrays: Arrays, text: str = "{}") -> None:
    """Write named arrays to a file of their own, with a text that describes them.

    Raises:
        StoreError: the file cannot be written.
    """
    write_sealed(path, arrays, text)


def read_arrays(path: Path) -> Arrays | None:
    """Read what `write_arrays` wrote; None if there is no such file.

    Raises:
        TrialError: the file is damaged.
    """
    found = read_described(path)
    return None if found is None else found[0]


def read_described(path: Path) -> tuple[Arrays, str] | None:
    """Read the arrays and the text that `write_arrays` wrote; None if there is no such file.

    Raises:
        TrialError: the file is damaged.
    """
    return find_sealed(path)


def drop_checkpoint(folder: Path) -> None:
    """Remove the checkpoint of a finished trial, and partial files of killed workers."""
    for path in (folder / CHECKPOINT, *folder.glob("*.partial")):
        with contextlib.suppress(OSError):
            remove(path, point=path.name.partition(".")[0])


def drop_partials(out: Path) -> None:
    """Remove the partial files of killed processes; no process may be writing to the folder.

    Args:
        out: the study's output folder.
    """
    for path in (*out.glob("*.partial"), *(out / "artifacts").rglob("*.partial")):
        with contextlib.suppress(OSError):
            remove(path, point="partial")


def _predictions(folder: Path, split: Split) -> Path:
    return folder / f"predictions-{split}.safetensors"


def _fits(found: Predictions) -> bool:
    """Return whether every image has a label and a row of class probabilities."""
    ids, labels, values = found.ids, found.labels, found.probabilities
    if ids.ndim != 1 or labels.shape != ids.shape or values.ndim != 2 or len(values) != len(ids):
        return False
    if ids.dtype.kind not in "iu" or labels.dtype.kind not in "iu" or values.dtype.kind != "f":
        return False
    if not len(ids):
        return True
    return bool(ids.min() >= 0 and labels.min() >= 0 and labels.max() < values.shape[1])
