"""A data set in memory: images, labels, class names, and a fingerprint of them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from paribus.data.same_names import alike
from paribus.errors import DataError, Problem
from paribus.records import Parts

__all__ = ["Dataset", "Said", "make_dataset", "with_maximum"]


@dataclass(frozen=True)
class Said:
    """Remarks of a reader about a source, one phrase each, shown to the user."""

    changed: tuple[str, ...] = ()
    """Changes made to pixels or labels."""
    ignored: tuple[str, ...] = ()
    """Contents of the source that are not used."""
    notes: tuple[str, ...] = ()
    """Other observations."""


NOTHING_SAID = Said()


@dataclass(frozen=True)
class Dataset:
    """Images and labels of a source, ordered by official part: training, validation, test."""

    images: npt.NDArray[np.uint8]
    """``(example, height, width, channel)``"""
    labels: npt.NDArray[np.int64]
    """``(example,)``, index into ``class_names``."""
    parts: Parts
    """Number of examples in each official part; without official parts, all are training examples."""
    class_names: tuple[str, ...]
    maximum: int
    """Largest possible pixel value: 255; 16 for ``digits``; 1 if the source has two values."""
    fingerprint: str
    """SHA-256 of images, labels, class names, parts, and an unusual maximum."""
    notes: tuple[str, ...] = ()
    """Observations about the source for the user, see `Said`."""
    changed: tuple[str, ...] = ()
    """Changes made to pixels or labels to form the arrays, with counts."""
    ignored: tuple[str, ...] = ()
    """Contents of the source that are not in the arrays."""
    file_names: tuple[str, ...] = ()
    """``(example,)``, path of each image file in the source; empty if examples are not files."""

    @cached_property
    def observed_range(self) -> tuple[int, int]:
        """Smallest and largest value of all pixels."""
        return int(self.images.min()), int(self.images.max())

    def name_of(self, example: int) -> str:
        """Return the file name of an example, or its id if examples are not files."""
        return self.file_names[example] if self.file_names else str(example)


def make_dataset(
    images: npt.NDArray[np.uint8],
    labels: npt.NDArray[np.int64],
    class_names: tuple[str, ...],
    *,
    where: str,
    parts: Parts | None = None,
    maximum: int = 255,
    usual_maximum: int = 255,
    said: Said = NOTHING_SAID,
    file_names: tuple[str, ...] = (),
) -> Dataset:
    """Check that images, labels and class names are consistent, and compute the fingerprint.

    Args:
        images: ``(example, height, width[, channel])``.
        labels: ``(example,)``.
        class_names: name of each label, in order.
        where: name of the source in error messages.
        parts: sizes of the official parts; by default all examples are training examples.
        maximum: largest possible pixel value.
        usual_maximum: maximum that is implied by the source, and not part of the fingerprint.
        said: remarks of the reader.
        file_names: path of each example in the source; empty if examples are not files.

    Raises:
        DataError: counts differ, labels are out of range, there are fewer than two classes, or two of
            them look alike.
    """
    images = np.ascontiguousarray(images if images.ndim == 4 else images[..., None])
    labels = np.ascontiguousarray(labels, dtype=np.int64)
    problems = []
    if len(images) != len(labels):
        problems.append(("must hold as many images as labels", f"{len(images)} and {len(labels)}"))
    if len(class_names) < 2:
        problems.append(("must hold at least two classes", str(len(class_names))))
    elif len(labels) and (labels.min() < 0 or labels.max() >= len(class_names)):
        given = f"{labels.min()}..{labels.max()}"
        problems.append((f"labels must lie in 0..{len(class_names) - 1}", given))
    problems += [
        (
            "names of classes must look different (these differ in spaces, or in how Unicode writes a letter)",
            " and ".join(ascii(name) for name in names),
        )
        for names in alike(class_names)
    ]
    if problems:
        raise DataError(Problem(where, rule, got) for rule, got in problems)
    parts = parts or Parts(len(images))
    return Dataset(
        images,
        labels,
        parts,
        class_names,
        maximum,
        _fingerprint(
            images, labels, class_names, parts, None if maximum == usual_maximum else maximum
        ),
        said.notes,
        said.changed,
        said.ignored,
        file_names,
    )


def with_maximum(data: Dataset, maximum: int | None) -> Dataset:
    """Return the data set with another largest possible pixel value.

    Args:
        data: the data set as it was read.
        maximum: ``data.maximum`` of the study; None changes nothing.

    Raises:
        DataError: a pixel is larger than ``maximum``, or ``maximum`` is above 255.
    """
    if maximum is None or maximum == data.maximum:
        return data
    high = data.observed_range[1]
    if not high <= maximum <= 255:
        rule = f"must lie between the largest pixel of the source, {high}, and 255"
        raise DataError(Problem("data.maximum", rule, str(maximum)))
    known = _fingerprint(data.images, data.labels, data.class_names, data.parts, maximum)
    return replace(data, maximum=maximum, fingerprint=known)


def _fingerprint(
    images: npt.NDArray[np.uint8],
    labels: npt.NDArray[np.int64],
    class_names: tuple[str, ...],
    parts: Parts,
    maximum: int | None,
) -> str:
    """Return the SHA-256. Later additions are hashed only if present, so old fingerprints stay valid."""
    known: list[object] = [images.shape, list(class_names), parts.train]
    if parts.validation:
        known.append({"validation": parts.validation})
    if maximum is not None:
        known.append({"maximum": maximum})
    digest = hashlib.sha256(json.dumps(known, ensure_ascii=False).encode())
    digest.update(images.data)
    digest.update(labels.astype("<i8").data)
    return digest.hexdigest()
