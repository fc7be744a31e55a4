"""From a source to a data set, and what can be said of it without reading it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from ceteris.data.dataset import Dataset, make_dataset
from ceteris.data.folder import read_folder
from ceteris.data.idx import find_pair, read_idx
from ceteris.data.named import DIGIT_NAMES, NAMED, load_named
from ceteris.data.spec import NAMED_SOURCES, DataSpec
from ceteris.data.splits import split_sizes, subset_size
from ceteris.data.steps import Resize
from ceteris.data.tables import read_csv, read_npz
from ceteris.errors import DataError, Problem, did_you_mean
from ceteris.records import DataDescription, Parts, Shape

__all__ = ["data_key", "describe", "load_dataset"]


def data_key(spec: DataSpec) -> str:
    """Return a text that is equal for specifications that load the same data set."""
    if spec.source in NAMED_SOURCES:
        return spec.source
    return json.dumps([spec.source, _resize(spec), spec.reading()], sort_keys=True)


def load_dataset(spec: DataSpec, *, base: Path | None = None) -> Dataset:
    """Load the images and labels of a source.

    Args:
        spec: names the source.
        base: the folder that a relative path starts from.

    Raises:
        DataError: the source is missing or damaged.
    """
    if spec.source in NAMED_SOURCES:
        return load_named(spec.source)
    path = spec.located(base)
    if not path.exists():
        raise DataError(
            Problem(
                "data.source",
                f"must be one of {', '.join(NAMED_SOURCES)}, or a path that exists",
                repr(spec.source),
                did_you_mean(spec.source, NAMED_SOURCES),
            )
        )
    try:
        return _read_path(path, spec)
    except OSError as error:
        raise DataError(
            Problem(str(path), "must be readable", error.strerror or str(error))
        ) from error


def describe(spec: DataSpec, *, base: Path | None = None) -> DataDescription:
    """Return shape, class names and counts; only a path is read for it.

    Raises:
        DataError: data at a path cannot be read.
    """
    if spec.source in NAMED:
        source = NAMED[spec.source]
        shape, names = source.shape, source.class_names
        parts = Parts(source.num_train, test=source.num_test)
    elif spec.source == "digits":
        shape, names, parts = (8, 8, 1), DIGIT_NAMES, Parts(1797)
    else:
        data = load_dataset(spec, base=base)
        height, width, channels = data.images.shape[1:]
        shape, names = (height, width, channels), data.class_names
        parts = data.parts
    spec = spec.completed(parts)
    train, validation, test = split_sizes(spec.split, parts)
    sizes = {
        "train": subset_size(train, spec.train_size),
        "validation": validation,
        "test": test,
    }
    return DataDescription(_shape_after(spec, shape), names, sizes, parts)


def _shape_after(spec: DataSpec, shape: Shape) -> Shape:
    for step in spec.steps():
        shape = step.output_shape(shape)
    return shape


def _resize(spec: DataSpec) -> tuple[int, int] | None:
    sizes = [(step.height, step.width) for step in spec.steps() if isinstance(step, Resize)]
    return sizes[0] if sizes else None


def _read_path(path: Path, spec: DataSpec) -> Dataset:
    if path.suffix == ".npz":
        return read_npz(path)
    if path.suffix == ".csv":
        return read_csv(path)
    if path.is_dir():
        pair = find_pair(path, "train")
        return _read_idx_folder(path, pair) if pair else read_folder(path, size=_resize(spec))
    raise DataError(
        Problem(
            "data.source",
            "must be an image folder, a folder with IDX files, a .npz or a .csv file",
            repr(spec.source),
        )
    )


def _read_idx_folder(path: Path, train: tuple[Path, Path]) -> Dataset:
    pairs = [
        train,
        *(pair for pair in [find_pair(path, "t10k") or find_pair(path, "test")] if pair),
    ]
    images = [read_idx(pair[0]) for pair in pairs]
    labels = [read_idx(pair[1]) for pair in pairs]
    for (file, _), part in zip(pairs, images, strict=True):
        if part.ndim != 3:
            raise DataError(
                Problem(str(file), "must have three axes: image, row, column", str(part.ndim))
            )
    flat = np.concatenate(labels).astype(np.int64)
    names = tuple(str(value) for value in range(int(flat.max(initial=0)) + 1))
    return make_dataset(
        np.concatenate(images),
        flat,
        names,
        where=str(path),
        parts=Parts(len(images[0]), test=sum(map(len, images[1:]))),
    )
