"""Summary of a source as it was read (counts, classes, pixel range, changes), as text and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from paribus.data.dataset import Dataset
from paribus.data.flat import refuse_flat_parts
from paribus.data.spec import DataSpec
from paribus.data.splits import Split, split_ids, subset, unused_parts
from paribus.data.steps import Invert, Scale
from paribus.records import DataDescription, Shape
from paribus.wording import counted, visible

__all__ = ["DataAccount", "account_of", "range_warning"]

_FAR_BELOW = 4
"""Warn if the largest possible pixel value is at least this multiple of the largest one observed."""
_MOST_CLASSES = 10
"""Largest number of class names listed in a sentence."""


@dataclass(frozen=True)
class DataAccount:
    """What `plan` and `run` report about the data of a variant."""

    source: str
    fingerprint: str | None
    """Fingerprint of the data set; None if the source is not on this machine yet."""
    parts: Mapping[str, int]
    """Split (train, validation, test) -> number of images after the split and ``train_size``."""
    classes: Mapping[str, int | None]
    """Class name -> number of images in the whole source; None if it is not on this machine yet."""
    shape: Shape
    """Shape of an image as it was read, before preprocessing: ``(height, width, channel)``."""
    range: tuple[int, int] | None
    """Smallest and largest pixel value observed."""
    maximum: int | None
    """Largest possible pixel value, by which ``scale`` divides."""
    changed: tuple[str, ...] = ()
    """Changes made to pixels or labels while reading, one phrase each."""
    ignored: tuple[str, ...] = ()
    """Contents of the source that are not used, one phrase each."""
    warnings: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON-able values."""
        return {
            "source": self.source,
            "fingerprint": self.fingerprint,
            "parts": dict(self.parts),
            "classes": dict(self.classes),
            "shape": list(self.shape),
            "range": None if self.range is None else list(self.range),
            "maximum": self.maximum,
            "changed": list(self.changed),
            "ignored": list(self.ignored),
            "warnings": list(self.warnings),
        }

    def sentence(self) -> str:
        """Return one line with the number and shape of images, the pixel range, splits and classes."""
        shape = " x ".join(map(str, self.shape))
        parts = ", ".join(f"{name} {count:,}" for name, count in self.parts.items())
        if self.range is None:
            known = f"images of {shape}"
        else:
            low, high = self.range
            total = sum(count or 0 for count in self.classes.values())
            known = f"{counted(total, 'image')} of {shape}, pixels from {low} to {high} of {self.maximum}"
        return visible(f"{known}; {parts}; {_classes(self.classes)}")

    def done_to_it(self) -> tuple[str, ...]:
        """Return up to three lines: what was changed, what was ignored, and warnings."""
        kinds = {"changed": self.changed, "ignored": self.ignored, "warning": self.warnings}
        return tuple(visible(f"{kind}: {'; '.join(said)}") for kind, said in kinds.items() if said)

    def two_lines(self) -> tuple[str, str]:
        """Return the whole summary as two lines."""
        said = ". ".join(self.done_to_it()) or "nothing changed, nothing ignored"
        return f"{visible(self.source)}: {self.sentence()}", f"  {said}"


def account_of(spec: DataSpec, data: Dataset | None, known: DataDescription) -> DataAccount:
    """Summarise the data of a variant.

    Args:
        spec: data settings.
        data: their data set; None if the source is not on this machine yet.
        known: its description (shapes, class names, number of examples).

    Raises:
        DataError: a split contains only constant or only equal images.
    """
    if data is None:
        shape = known.source_shape or known.input_shape
        later = (f"{spec.source} is not on this machine: it will be downloaded",)
        unknown = dict.fromkeys(known.class_names)
        return DataAccount(
            spec.source, None, known.num_examples, unknown, shape, None, None, warnings=later
        )
    split = split_ids(spec.split, data.labels, data.parts)
    flat = refuse_flat_parts(data, split, spec.source)
    counts = np.bincount(data.labels, minlength=len(data.class_names)).tolist()
    return DataAccount(
        spec.source,
        data.fingerprint,
        known.num_examples,
        dict(zip(data.class_names, counts, strict=True)),
        tuple(int(size) for size in data.images.shape[1:]),
        data.observed_range,
        data.maximum,
        data.changed,
        (*data.ignored, *unused_parts(spec.split, data.parts)),
        (*data.notes, *flat, *range_warning(spec, data), *_unseen(spec, data, split)),
    )


def range_warning(spec: DataSpec, data: Dataset) -> tuple[str, ...]:
    """Warn if ``scale`` or ``invert`` uses a maximum far above every observed pixel value.

    Args:
        spec: data settings with the preprocessing steps.
        data: the data set.

    Returns:
        At most one warning.
    """
    relying = [
        type(step).__name__.lower() for step in spec.steps() if isinstance(step, Scale | Invert)
    ]
    high = data.observed_range[1]
    if not relying or high == 0 or high * _FAR_BELOW > data.maximum:
        return ()
    return (
        f"the largest pixel is {high}, far below {data.maximum}, which {relying[0]} takes for the "
        f"largest possible: write data.maximum: {high} if no pixel can be larger",
    )


def _unseen(spec: DataSpec, data: Dataset, split: Split) -> tuple[str, ...]:
    """Warn of classes without a training, validation or test image.

    With ``train_size``, training subsets depend on the seed; the subset of seed 0 is examined.
    """
    train = subset(split.train, data.labels, spec.train_size, 0)
    parts = {"training": train, "validation": split.validation, "test": split.test}
    said = []
    for name, ids in parts.items():
        there = np.bincount(data.labels[ids], minlength=len(data.class_names))
        lacking = [data.class_names[number] for number in np.flatnonzero(there == 0)]
        if len(ids) and lacking:
            which = _listed(lacking[:_MOST_CLASSES], len(lacking))
            drawn = name == "training" and spec.train_size is not None
            whose = "the class" if len(lacking) == 1 else f"{len(lacking):,} classes:"
            said.append(f"no {name} image{' (seed 0)' if drawn else ''} of {whose} {which}")
    return tuple(said)


def _classes(classes: Mapping[str, int | None]) -> str:
    shown = [
        name if count is None else f"{name}: {count:,}"
        for name, count in list(classes.items())[:_MOST_CLASSES]
    ]
    return f"{len(classes):,} classes: {_listed(shown, len(classes))}"


def _listed(shown: Sequence[str], total: int) -> str:
    more = total - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more > 0 else "")
