"""A data set in memory: images, labels, class names, and the fingerprint of all three."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ceteris.errors import DataError, Problem

__all__ = ["Dataset", "make_dataset"]


@dataclass(frozen=True)
class Dataset:
    """Images of a source: the official training part first, then the official test part."""

    images: npt.NDArray[np.uint8]
    """``(example, height, width, channel)``"""
    labels: npt.NDArray[np.int64]
    """``(example,)``, 0 for the first class."""
    num_train_part: int
    """Examples of the official training part (all, where there is no test part)."""
    class_names: tuple[str, ...]
    maximum: int
    """Largest value a pixel can have: 255; 16 for digits."""
    fingerprint: str
    """SHA-256 of images, labels, class names and parts."""
    notes: tuple[str, ...] = ()


def make_dataset(
    images: npt.NDArray[np.uint8],
    labels: npt.NDArray[np.int64],
    class_names: tuple[str, ...],
    *,
    where: str,
    num_train_part: int | None = None,
    maximum: int = 255,
    notes: tuple[str, ...] = (),
) -> Dataset:
    """Check that the parts fit together, and fingerprint them.

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
    parts = len(images) if num_train_part is None else num_train_part
    return Dataset(
        images,
        labels,
        parts,
        class_names,
        maximum,
        _fingerprint(images, labels, class_names, parts),
        notes,
    )


def _fingerprint(
    images: npt.NDArray[np.uint8],
    labels: npt.NDArray[np.int64],
    class_names: tuple[str, ...],
    num_train_part: int,
) -> str:
    head = json.dumps([images.shape, list(class_names), num_train_part], ensure_ascii=False)
    digest = hashlib.sha256(head.encode())
    digest.update(images.data)
    digest.update(labels.astype("<i8").data)
    return digest.hexdigest()
