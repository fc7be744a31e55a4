"""What a trial leaves on disk: weights, preprocessing, predictions, and a checkpoint while it runs.

Files are safetensors, written so that a crash or a power cut leaves the old file or the new one:
data, fsync, rename, fsync of the folder. Free of torch.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from ceteris.data.prepare import FittedPreprocessing
from ceteris.errors import Problem, StoreError, TrialError
from ceteris.records import EpochRecord, Predictions

__all__ = [
    "Split",
    "drop_checkpoint",
    "read_arrays",
    "read_checkpoint",
    "read_described",
    "read_predictions",
    "read_weights_file",
    "trial_folder",
    "write_arrays",
    "write_checkpoint",
    "write_predictions",
    "write_weights",
]

Arrays = dict[str, npt.NDArray[Any]]
Split = Literal["validation", "test"]


def trial_folder(out: Path, identity: str) -> Path:
    """Return the folder of a trial's artifacts."""
    return out / "artifacts" / identity[:16]


def write_weights(
    folder: Path, weights: Mapping[str, npt.NDArray[np.float32]], preprocessing: FittedPreprocessing
) -> None:
    """Write weights and the preprocessing they belong to."""
    _write(
        folder / "preprocessing.safetensors", preprocessing.to_tensors(), preprocessing.to_json()
    )
    _write(folder / "weights.safetensors", dict(weights), "{}")


def read_weights_file(
    folder: Path,
) -> tuple[dict[str, npt.NDArray[np.float32]], FittedPreprocessing]:
    """Read what `write_weights` wrote.

    Raises:
        TrialError: a file is missing or damaged.
    """
    weights, _ = _read(folder / "weights.safetensors")
    tensors, text = _read(folder / "preprocessing.safetensors")
    return weights, FittedPreprocessing.restored(text, tensors)


def write_predictions(folder: Path, predictions: Predictions) -> None:
    """Write the class probabilities of one split, and their logarithms where they are known."""
    tensors: Arrays = {
        "ids": predictions.ids,
        "labels": predictions.labels,
        "probabilities": predictions.probabilities,
    }
    if predictions.log_probabilities is not None:
        tensors["log_probabilities"] = predictions.log_probabilities
    _write(folder / f"predictions-{predictions.split}.safetensors", tensors, "{}")


def read_predictions(folder: Path, split: Split) -> Predictions | None:
    """Read the predictions of one split; None if there are none.

    Raises:
        TrialError: the file is damaged.
    """
    path = folder / f"predictions-{split}.safetensors"
    if not path.exists():
        return None
    tensors, _ = _read(path)
    return Predictions(
        split,
        tensors["ids"],
        tensors["labels"],
        tensors["probabilities"],
        tensors.get("log_probabilities"),
    )


def write_checkpoint(
    folder: Path, records: tuple[EpochRecord, ...], groups: Mapping[str, Arrays]
) -> None:
    """Write the state of a trial after an epoch: groups of named arrays."""
    tensors = {
        f"{group}:{name}": array
        for group, arrays in groups.items()
        for name, array in arrays.items()
    }
    text = json.dumps([asdict(record) for record in records])
    _write(folder / "checkpoint.safetensors", tensors, text)


def read_checkpoint(folder: Path) -> tuple[tuple[EpochRecord, ...], dict[str, Arrays]] | None:
    """Read a checkpoint; None if there is none, or it is damaged (the trial then starts again)."""
    path = folder / "checkpoint.safetensors"
    if not path.exists():
        return None
    try:
        tensors, text = _read(path)
    except TrialError:
        return None
    groups: dict[str, Arrays] = {}
    for key, array in tensors.items():
        group, _, name = key.partition(":")
        groups.setdefault(group, {})[name] = array
    return tuple(EpochRecord(**record) for record in json.loads(text)), groups


def write_arrays(path: Path, arrays: Arrays, text: str = "{}") -> None:
    """Write named arrays to a file of their own, with a text that describes them.

    Raises:
        StoreError: it cannot be written.
    """
    _write(path, arrays, text)


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
    return _read(path) if path.exists() else None


def drop_checkpoint(folder: Path) -> None:
    """Remove the checkpoint of a finished trial, and what a killed worker left half-written."""
    for path in (folder / "checkpoint.safetensors", *folder.glob("*.partial")):
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _write(path: Path, tensors: Arrays, text: str) -> None:
    plain = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    content = save(plain, metadata={"ceteris": text})
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise StoreError(
            Problem(
                str(path),
                f"must be writable ({len(content):,} bytes)",
                error.strerror or str(error),
                "Free some space or choose another folder with --out; finished trials are kept.",
            )
        ) from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path) -> tuple[Arrays, str]:
    try:
        content = path.read_bytes()
        tensors = load(content)
        (length,) = struct.unpack("<Q", content[:8])
        header = json.loads(content[8 : 8 + length])
        return tensors, str(header.get("__metadata__", {}).get("ceteris", "{}"))
    except FileNotFoundError as error:
        fix = "Delete the folder's trial and run the study again."
        raise TrialError(Problem(str(path), "must exist", "no file", fix)) from error
    except (OSError, SafetensorError, ValueError, struct.error) as error:
        rule = "must be a whole safetensors file"
        raise TrialError(
            Problem(str(path), rule, str(error), "Delete it and run the study again.")
        ) from error
