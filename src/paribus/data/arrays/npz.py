"""Reader of data sets in ``.npz`` files, as saved by NumPy, Keras, MedMNIST and users' scripts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from paribus.data.arrays.labels import as_labels
from paribus.data.arrays.layout import Bytes, arranged, composited
from paribus.data.arrays.npz_archive import MOST_BYTES, NpzArchive
from paribus.data.arrays.npz_names import Chosen, chosen_arrays
from paribus.data.arrays.pixels import AnyArray, Located, as_bytes
from paribus.data.dataset import Dataset, Said, make_dataset
from paribus.data.spec import DataSpec
from paribus.errors import DataError, Problem
from paribus.records import Parts

__all__ = ["as_pictures", "read_npz"]

_EVERYTHING = 8 << 30
"""Largest accepted total size of the used arrays in bytes."""


def read_npz(path: Path, spec: DataSpec) -> Dataset:
    """Read images and labels from arrays with usual names, or with the names in ``data.keys``.

    Args:
        path: the file.
        spec: data settings; used are ``keys``, ``layout``, ``shape``, ``maximum`` and ``background``.

    Raises:
        DataError: the file is damaged, or its arrays are ambiguous or no images.
    """
    with NpzArchive(path) as archive:
        chosen = chosen_arrays(archive.headers, spec.keys, str(path))
        _refuse_sizes(archive, chosen)
        images = {part: archive.read(name) for part, name in chosen.images.items()}
        truths = {part: archive.read(name) for part, name in chosen.labels.items()}
        ignored = _ignored(archive, chosen)
    labels = as_labels(
        list(truths.values()),
        lambda part, example: _place(path, list(chosen.labels.values())[part], example),
        names=list(truths),
    )
    names = [f"{path}: {name}" for name in chosen.images.values()]
    pictures, maximum, said = as_pictures(
        list(images.values()), names, spec, counts=[len(part) for part in labels.parts]
    )
    return make_dataset(
        np.concatenate(pictures),
        np.concatenate(labels.parts),
        labels.class_names,
        where=str(path),
        parts=Parts(**{part: len(found) for part, found in zip(images, pictures, strict=True)}),
        maximum=maximum,
        said=Said(
            (*chosen.changed, *labels.changed, *said.changed),
            ignored,
            (*labels.notes, *said.notes),
        ),
    )


def as_pictures(
    parts: Sequence[AnyArray],
    names: Sequence[str],
    spec: DataSpec,
    *,
    counts: Sequence[int],
    located: Located | None = None,
) -> tuple[list[Bytes], int, Said]:
    """Convert arrays of pixels to images ``(example, height, width, channel)`` of bytes.

    Args:
        parts: arrays of one source, all converted in the same way.
        names: names of the parts in error messages.
        spec: data settings, which resolve what is ambiguous.
        counts: number of labels of each part.
        located: function that locates a pixel in error messages; by default by array and index.

    Returns:
        The images of each part, the largest possible pixel value, and remarks.

    Raises:
        DataError: axes or values that are ambiguous or no images, or other numbers of labels.
    """
    found = arranged(parts, names, spec, counts=counts)
    problems = [
        Problem(name, "must hold as many images as labels", f"{len(part)} and {count}")
        for part, name, count in zip(found.parts, names, counts, strict=True)
        if len(part) != count
    ]
    if problems:
        raise DataError(problems)
    values, maximum, changed = as_bytes(parts, located or _cells(names), maximum=spec.maximum)
    pictures: list[Bytes] = list(arranged(values, names, spec, counts=counts).parts)
    if found.alpha:
        pictures, more = _without_alpha(pictures, spec.background, maximum)
        changed = (*changed, more)
    return pictures, maximum, Said((*found.changed, *changed), (), found.notes)


def _without_alpha(
    pictures: Sequence[Bytes], background: str, maximum: int
) -> tuple[list[Bytes], str]:
    clear = sum(int((part[..., 3] < maximum).any((1, 2)).sum()) for part in pictures)
    total = sum(map(len, pictures))
    said = (
        f"4 channels read as red, green, blue and alpha: {clear:,} of {total:,} images transparent, "
        f"composited on {background} (data.shape: [height, width, 4] keeps four channels)"
    )
    return [composited(part, background, maximum) for part in pictures], said


def _cells(names: Sequence[str]) -> Located:
    def located(part: int, index: tuple[int, ...]) -> str:
        place = f"[{', '.join(map(str, index))}]" if index else ""
        return f"{names[part]}{place}"

    return located


def _place(path: Path, name: str, example: int | None) -> str:
    return f"{path}: {name}" + ("" if example is None else f"[{example}]")


def _refuse_sizes(archive: NpzArchive, chosen: Chosen) -> None:
    """Refuse arrays that are too large in total, before any is read."""
    total = sum(
        int(np.prod(archive.headers[name].shape, dtype=np.float64))
        * archive.headers[name].dtype.itemsize
        for name in chosen.names()
    )
    if total > _EVERYTHING:
        rule = f"must be at most {_EVERYTHING:,} bytes unpacked ({MOST_BYTES:,} an array)"
        raise DataError(Problem(str(archive.path), rule, f"{total:,}", "Save fewer images."))


def _ignored(archive: NpzArchive, chosen: Chosen) -> tuple[str, ...]:
    arrays = [
        f"{name}: {header}"
        for name, header in archive.headers.items()
        if name not in chosen.names()
    ]
    return (*arrays, *(f"{name} (no array)" for name in archive.others))
