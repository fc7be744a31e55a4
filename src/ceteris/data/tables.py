"""Arrays in files: ``.npz`` and Kaggle-style ``.csv`` (label, then one column per pixel)."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ceteris.data.dataset import Dataset, make_dataset
from ceteris.errors import DataError, Problem
from ceteris.records import Parts

__all__ = ["read_csv", "read_npz"]

_NPZ_NAMES = (("x_train", "y_train", "x_test", "y_test"), ("images", "labels", "", ""))


def read_npz(path: Path) -> Dataset:
    """Read ``x_train, y_train[, x_test, y_test]`` or ``images, labels``; values 0..255.

    Raises:
        DataError: an array is missing, or does not hold whole numbers from 0 to 255.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, zipfile.BadZipFile, EOFError, KeyError) as error:
        rule = "must be a .npz archive of plain arrays"
        raise DataError(
            Problem(str(path), rule, str(error), "Save it with numpy.savez.")
        ) from error
    for x_train, y_train, x_test, y_test in _NPZ_NAMES:
        if x_train in arrays and y_train in arrays:
            images, labels = [arrays[x_train]], [arrays[y_train]]
            if x_test in arrays and y_test in arrays:
                images.append(arrays[x_test])
                labels.append(arrays[y_test])
            return _dataset(path, images, labels)
    rule = "must hold x_train and y_train (and x_test, y_test), or images and labels"
    raise DataError(Problem(str(path), rule, ", ".join(arrays) or "no array"))


def read_csv(path: Path) -> Dataset:
    """Read a table whose first column, or the one called ``label``, is the class.

    Raises:
        DataError: a cell is not a whole number from 0 to 255, or images are not square.
    """
    import pandas as pd

    try:
        frame = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise DataError(Problem(str(path), "must be a table in CSV form", str(error))) from error
    label = "label" if "label" in frame.columns else str(frame.columns[0])
    pixels = frame.drop(columns=[label])
    side = math.isqrt(pixels.shape[1])
    if side == 0 or side * side != pixels.shape[1]:
        rule = f"must have as many pixel columns as a square image, besides {label!r}"
        raise DataError(Problem(str(path), rule, str(pixels.shape[1])))
    bad = [str(name) for name in frame if not pd.api.types.is_integer_dtype(frame[name])]
    if bad:
        rule = "must hold whole numbers only"
        raise DataError(Problem(f"{path}: column {bad[0]}", rule, "other cells"))
    values = pixels.to_numpy().reshape(-1, side, side)
    return _dataset(path, [values], [frame[label].to_numpy()])


def _dataset(
    path: Path, images: list[npt.NDArray[np.generic]], labels: list[npt.NDArray[np.generic]]
) -> Dataset:
    for part in images:
        if part.ndim not in (3, 4):
            rule = "images must be (example, height, width) or (example, height, width, channel)"
            raise DataError(Problem(str(path), rule, str(part.shape)))
    pixels = np.concatenate([_bytes(path, part) for part in images])
    flat = np.concatenate([part.ravel() for part in labels])
    if not np.issubdtype(flat.dtype, np.integer):
        raise DataError(Problem(str(path), "labels must be whole numbers", str(flat.dtype)))
    values, indices = np.unique(flat, return_inverse=True)
    return make_dataset(
        pixels,
        indices.astype(np.int64),
        tuple(str(value) for value in values),
        where=str(path),
        parts=Parts(len(images[0]), test=sum(map(len, images[1:]))),
    )


def _bytes(path: Path, part: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8]:
    if part.dtype == np.uint8:
        return part  # type: ignore[return-value]
    values = np.asarray(part, dtype=np.float64)
    if (
        not np.isfinite(values).all()
        or (values != np.round(values)).any()
        or values.min() < 0
        or values.max() > 255
    ):
        given = f"{part.dtype} from {np.nanmin(values):g} to {np.nanmax(values):g}"
        rule = "pixels must be whole numbers from 0 to 255"
        raise DataError(Problem(str(path), rule, given, "Store raw pixels; the study scales them."))
    return values.astype(np.uint8)
