"""A data set in memory: images, labels, class names, and the fingerprint of all three."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from paribus.errors import DataError, Problem
from paribus.records import Parts

__all__ = ["Dataset", "Said", "make_dataset", "with_maximum"]


@dataclass(frozen=True)
class Said:
    """What a reader has to say: what it changed, what it left out, and what else it noticed."""

    changed: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


NOTHING_SAID = Said()


@dataclass(frozen=True)
class Dataset:
    """Images of a source: the official training part first, then validation and test, if it has them."""

    images: npt.NDArray[np.uint8]
    """``(example, height, width, channel)``"""
    labels: npt.NDArray[np.int64]
    """``(example,)``, 0 for the first class."""
    parts: Parts
    """Examples in the official parts; all are training images where the source has no parts."""
    class_names: tuple[str, ...]
    maximum: int
    """Largest value a pixel can have: 255; 16 for digits; 1 where the source holds two values."""
    fingerprint: str
    """SHA-256 of images, labels, class names and parts."""
    notes: tuple[str, ...] = ()
    """What else is worth saying of the source."""
    changed: tuple[str, ...] = ()
    """What was done to pixels or labels to make them one array, with counts."""
    ignored: tuple[str, ...] = ()
    """What lies in the source and is not in these arrays."""
    file_names: tuple[str, ...] = ()
    """Path of each example's file inside the source; empty where examples have no files."""

    @cached_property
    def observed_range(self) -> tuple[int, int]:
        """The smallest and the largest value of all pixels."""
        return int(self.images.min()), int(self.images.max())

    def name_of(self, example: int) -> str:
        """Return what a person finds an example by: its file, or its number."""
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
    """Check that the parts fit together, and fingerprint them.

    Args:
        images: ``(example, height, width[, channel])``.
        labels: ``(example,)``.
        class_names: in the order of the labels.
        where: the source, for errors.
        parts: sizes of the official parts; all are training images by default.
        maximum: the largest value that a pixel can have.
        usual_maximum: what goes without saying for the source, and stays out of the fingerprint.
        said: what the reader has changed, left out or noticed.
        file_names: of each example.

    Raises:
        DataError: counts differ, labels are out of range, or there are fewer than two classes.
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
    """Return a data set whose pixels can be as large as a study says.

    Args:
        data: read without it.
        maximum: ``data.maximum`` of the study; None changes nothing.

    Raises:
        DataError: a pixel is larger.
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
    """Return a digest; what the first version did not know is hashed only where it is there."""
    known: list[object] = [images.shape, list(class_names), parts.train]
    if parts.validation:
        known.append({"validation": parts.validation})
    if maximum is not None:
        known.append({"maximum": maximum})
    digest = hashlib.sha256(json.dumps(known, ensure_ascii=False).encode())
    digest.update(images.data)
    digest.update(labels.astype("<i8").data)
    return digest.hexdigest()
