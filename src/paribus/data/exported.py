"""A data set as ``.npy`` files that several processes memory-map without copies."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from paribus.data.dataset import Dataset
from paribus.durable import remove, write_file
from paribus.errors import DataError, Problem, StoreError
from paribus.failpoints import reach
from paribus.records import Parts

__all__ = ["export_dataset", "open_dataset"]

_DONE = "data.json"


def export_dataset(data: Dataset, folder: Path) -> None:
    """Write images and labels as ``.npy``; ``data.json`` is written last and marks them as complete.

    Existing files are kept only if all their values are equal to the data set. Therefore images need
    no fsync, which would cost more than to write them again after a power cut.

    Raises:
        StoreError: the files cannot be written.
    """
    if _holds(folder, data):
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        remove(folder / _DONE, point=_DONE)
        reach("images.npy.write")
        np.save(folder / "images.npy", data.images, allow_pickle=False)
        reach("labels.npy.write")
        np.save(folder / "labels.npy", data.labels, allow_pickle=False)
        content = json.dumps(_plain(data)).encode()
        write_file(folder / _DONE, content, partial=folder / f"{_DONE}.partial")
    except OSError as error:
        size = data.images.nbytes + data.labels.nbytes
        raise StoreError(
            Problem(
                str(folder),
                f"must have room for {size:,} bytes of images",
                error.strerror or str(error),
                "Free some space or choose another folder with --out, then run again.",
            )
        ) from error


def open_dataset(folder: Path) -> Dataset:
    """Open what `export_dataset` wrote; images are memory-mapped, so processes share their pages.

    Raises:
        DataError: a file is missing or damaged.
    """
    try:
        return _open(folder)
    except Exception as error:
        got = (str(error) or type(error).__name__).splitlines()[0]
        fix = "Run the study again: it is made anew from the source."
        problem = Problem(str(folder), "must hold the data set in whole files", got, fix)
        raise DataError(problem) from error


def _holds(folder: Path, data: Dataset) -> bool:
    try:
        found = open_dataset(folder)
    except DataError:
        return False
    return (
        _plain(found) == _plain(data)
        and np.array_equal(found.images, data.images)
        and np.array_equal(found.labels, data.labels)
    )


def _open(folder: Path) -> Dataset:
    plain = json.loads((folder / _DONE).read_text(encoding="utf-8"))
    images = np.load(folder / "images.npy", mmap_mode="r", allow_pickle=False)
    labels = np.load(folder / "labels.npy", allow_pickle=False)
    if (images.ndim, images.dtype, labels.dtype) != (4, np.uint8, np.int64):
        raise ValueError("arrays of other kinds")
    if labels.shape != images.shape[:1]:
        raise ValueError("other numbers of images and labels")
    return Dataset(
        images=images,
        labels=labels,
        parts=Parts(*plain["parts"]),
        class_names=tuple(plain["class_names"]),
        maximum=plain["maximum"],
        fingerprint=plain["fingerprint"],
        notes=tuple(plain["notes"]),
        changed=tuple(plain["changed"]),
        ignored=tuple(plain["ignored"]),
        file_names=tuple(plain["file_names"]),
    )


def _plain(data: Dataset) -> dict[str, object]:
    return {
        "parts": list(data.parts),
        "class_names": list(data.class_names),
        "maximum": data.maximum,
        "fingerprint": data.fingerprint,
        "notes": list(data.notes),
        "changed": list(data.changed),
        "ignored": list(data.ignored),
        "file_names": list(data.file_names),
    }
