"""Loading of a data set by its source, and its description before training."""

from __future__ import annotations

import json
from pathlib import Path

from paribus.checking import Issue, SettingsError
from paribus.data.arrays.npz import read_npz
from paribus.data.arrays.other_formats import other_format
from paribus.data.binary.cifar import holds_cifar, is_archive, read_cifar
from paribus.data.binary.idx_folder import holds_idx, read_idx_folder
from paribus.data.dataset import Dataset, with_maximum
from paribus.data.named import DIGIT_NAMES, NAMED, load_named
from paribus.data.pictures.folder import read_folder
from paribus.data.pictures.labels_table import names_pictures, read_labels_table
from paribus.data.spec import NAMED_SOURCES, DataSpec
from paribus.data.splits import split_sizes, subset_size
from paribus.data.steps import Resize
from paribus.data.tables.pixel_tables import read_table
from paribus.data.tables.table_text import is_table
from paribus.errors import DataError, Problem, did_you_mean
from paribus.records import DataDescription, Parts, Shape

__all__ = ["data_key", "describe", "load_dataset"]


def data_key(spec: DataSpec) -> str:
    """Return a cache key: specifications that load the same data set have the same key."""
    if spec.source in NAMED_SOURCES:
        return json.dumps([spec.source, spec.maximum])
    return json.dumps([spec.source, _resize(spec), spec.reading(), spec.maximum], sort_keys=True)


def load_dataset(spec: DataSpec, *, base: Path | None = None) -> Dataset:
    """Load the images and labels of a source.

    Args:
        spec: data settings with the source.
        base: folder to which a relative path refers.

    Raises:
        DataError: the source is missing or damaged.
    """
    if spec.source in NAMED_SOURCES:
        return with_maximum(load_named(spec.source), spec.maximum)
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
        return with_maximum(_read_path(path, spec), None if _reads_maximum(path) else spec.maximum)
    except OSError as error:
        raise DataError(
            Problem(str(path), "must be readable", error.strerror or str(error))
        ) from error


def describe(spec: DataSpec, data: Dataset | None = None) -> DataDescription:
    """Return shapes, class names, and the number of examples of each split.

    Args:
        spec: data settings.
        data: their data set if the source is a path; None for a named source, whose facts are known.

    Raises:
        SettingsError: a preprocessing step does not fit the images, a part of the split would be empty,
            or more training examples are asked for than there are.
    """
    shape: Shape
    if data is None and spec.source == "digits":
        shape, names, parts = (8, 8, 1), DIGIT_NAMES, Parts(1797)
    elif data is None:
        source = NAMED[spec.source]
        shape, names = source.shape, source.class_names
        parts = Parts(source.num_train, test=source.num_test)
    else:
        height, width, channels = data.images.shape[1:]
        shape, names, parts = (height, width, channels), data.class_names, data.parts
    if data is None:
        _refuse_keys_of_files(spec)
    spec = spec.completed(parts)
    train, validation, test = split_sizes(spec.split, parts)
    _refuse_sizes(spec, (train, validation, test))
    sizes = {
        "train": subset_size(train, spec.train_size),
        "validation": validation,
        "test": test,
    }
    return DataDescription(_shape_after(spec, shape), names, sizes, parts, shape)


def _refuse_keys_of_files(spec: DataSpec) -> None:
    """Refuse settings that only apply to the user's own files, such as ``columns``."""
    given = [
        name for name in ("columns", "keys", "layout", "shape") if getattr(spec, name) is not None
    ]
    if given:
        rule = f"says nothing about the source {spec.source}"
        raise SettingsError(Issue(("data", name), rule, None, "Leave it out.") for name in given)


def _refuse_sizes(spec: DataSpec, sizes: tuple[int, int, int]) -> None:
    issues = []
    asked, train = spec.train_size, sizes[0]
    if min(sizes[:2]) < 1 or (sizes[2] < 1 and spec.split.validation != "test"):
        got = f"{sizes[0]} / {sizes[1]} / {sizes[2]} examples"
        rule = "every part must get at least one example"
        issues.append(Issue(("data", "split"), rule, got))
    elif isinstance(asked, int) and asked > train:
        rule = f"must be at most the {train:,} training examples of the split"
        fix = "Leave it out to train on all of them."
        issues.append(Issue(("data", "train_size"), rule, f"{asked:,}", fix))
    if issues:
        raise SettingsError(issues)


def _shape_after(spec: DataSpec, shape: Shape) -> Shape:
    for place, step in enumerate(spec.steps()):
        misfit = step.misfit(shape)
        if misfit is not None:
            path = ("data", "preprocess", place, next(iter(spec.preprocess[place])))
            raise SettingsError([Issue(path, misfit, " x ".join(map(str, shape)))])
        shape = step.output_shape(shape)
    return shape


def _resize(spec: DataSpec) -> tuple[int, int] | None:
    sizes = [(step.height, step.width) for step in spec.steps() if isinstance(step, Resize)]
    return sizes[0] if sizes else None


def _reads_maximum(path: Path) -> bool:
    """Return whether the reader itself applies ``data.maximum``, because values may exceed a byte."""
    return not path.is_dir() and (path.suffix.lower() == ".npz" or is_table(path))


def _refuse_unused(path: Path, spec: DataSpec) -> None:
    """Refuse settings that do not apply to this kind of source, for example ``keys`` of a folder."""
    folder, npz = path.is_dir(), path.suffix.lower() == ".npz"
    readers = {"keys": npz, "columns": folder or not npz, "layout": not folder, "shape": not folder}
    idle = [name for name, read in readers.items() if getattr(spec, name) is not None and not read]
    kind = "a folder" if folder else "an .npz file" if npz else "a table"
    if idle:
        rule = f"says nothing about {kind}"
        raise DataError(
            Problem(f"data.{name}", rule, f"the source {spec.source}", "Leave it out.")
            for name in idle
        )


def _read_path(path: Path, spec: DataSpec) -> Dataset:
    _refuse_unused(path, spec)
    if path.is_dir():
        return _read_folder(path, spec)
    if path.suffix.lower() == ".npz":
        return read_npz(path, spec)
    if is_archive(path):
        return read_cifar(path)
    if is_table(path):
        labelled = read_labels_table(path, spec) if names_pictures(path, spec) else None
        return labelled or read_table(path, spec)
    raise DataError(other_format(path, spec.source))


def _read_folder(path: Path, spec: DataSpec) -> Dataset:
    if holds_idx(path):
        return read_idx_folder(path, spec)
    if holds_cifar(path):
        return read_cifar(path)
    return read_folder(path, spec)
