"""Loading of a data set by its source, and its description before training."""

from __future__ import annotations

import json
from pathlib import Path

from paribus.checking import Issue, SettingsError
from paribus.data.arrays.other_formats import other_format
from paribus.data.dataset import Dataset, with_maximum
from paribus.data.sources import FileKind, kind_of, listed_kinds, named_sources
from paribus.data.spec import DataSpec
from paribus.data.splits import split_sizes, subset_size
from paribus.data.steps import Resize
from paribus.errors import DataError, Problem, did_you_mean
from paribus.records import DataDescription, Shape

__all__ = ["data_key", "describe", "load_dataset"]

OF_FILES = ("columns", "keys", "layout", "shape")
"""Settings that apply to some kinds of files, and never to named sources."""


def data_key(spec: DataSpec) -> str:
    """Return a cache key that is equal for all settings that load the same data set."""
    if spec.source in named_sources():
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
    names = named_sources()
    if spec.source in names:
        return with_maximum(names[spec.source].load(), spec.maximum)
    path = spec.located(base)
    if not path.exists():
        raise DataError(
            Problem(
                "data.source",
                f"must be one of {', '.join(names)}, or a path that exists",
                repr(spec.source),
                did_you_mean(spec.source, names),
            )
        )
    try:
        return _read_path(path, spec)
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
    if data is None:
        source = named_sources()[spec.source]
        shape, names, parts = source.shape, source.class_names, source.parts
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
    given = [name for name in OF_FILES if getattr(spec, name) is not None]
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


def _refuse_unused(kind: FileKind, spec: DataSpec) -> None:
    """Refuse settings that do not apply to this kind of source, for example ``keys`` of a folder."""
    given = [name for name in OF_FILES if getattr(spec, name) is not None]
    idle = [name for name in given if name not in kind.settings]
    if idle:
        rule = f"says nothing about {kind.kind}"
        raise DataError(
            Problem(f"data.{name}", rule, f"the source {spec.source}", "Leave it out.")
            for name in idle
        )


def _read_path(path: Path, spec: DataSpec) -> Dataset:
    kind = kind_of(path)
    if kind is None:
        raise DataError(other_format(path, spec.source, listed_kinds()))
    _refuse_unused(kind, spec)
    return with_maximum(kind.read(path, spec), None if kind.reads_maximum else spec.maximum)
