"""Construction of a data set from a list of image files with labels: decoding, sizes, channels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from paribus.data.dataset import Dataset, Said, make_dataset
from paribus.data.pictures.decoding import UnreadableError, decode
from paribus.data.pictures.tree import plain_text
from paribus.data.spec import DataSpec
from paribus.data.steps import Resize
from paribus.errors import DataError, Problem
from paribus.records import Parts
from paribus.wording import counted

__all__ = ["Listed", "read_pictures"]

Bytes = npt.NDArray[np.uint8]
_ROLES = ("train", "validation", "test")
_MOST_PROBLEMS = 20
_EIGHT_BITS = 255
_QUARTER = 16_384
"""A quarter of the 16-bit range; scaling to 8 bits leaves few grey values in images with a smaller range."""
_NAMED = 3
"""Largest number of image sizes listed in an error."""


@dataclass(frozen=True)
class Listed:
    """An image file to read, with its label and part."""

    file: Path
    label: int
    role: int
    """0 for training, 1 for validation, 2 for test."""


def read_pictures(
    root: Path, listed: Sequence[Listed], class_names: tuple[str, ...], said: Said, spec: DataSpec
) -> Dataset:
    """Decode the listed image files and form a data set.

    Args:
        root: folder to which file names in the data set are relative.
        listed: files to read, in the order of the examples within a part.
        class_names: name of each label, in order.
        said: remarks about how the list was made.
        spec: data settings; used are ``background``, ``unreadable`` and a resize step.

    Raises:
        DataError: files that cannot be read (all are listed), images of different sizes, or a class
            of a part without a readable image.
    """
    ordered = sorted(listed, key=lambda item: item.role)  # stable within a part
    images: list[Bytes] = []
    kept: list[Listed] = []
    problems: list[Problem] = []
    changes: Counter[str] = Counter()
    size, highest = _resize(spec), -1
    for item in ordered:
        try:
            found = decode(item.file, size, spec.background)
        except UnreadableError as error:
            fix = "Repair or remove it, or write data.unreadable: skip."
            problems.append(
                Problem(plain_text(str(item.file)), "must be a readable image", str(error), fix)
            )
            continue
        images.append(found.pixels)
        kept.append(item)
        changes.update(found.changes)
        highest = max(highest, -1 if found.highest is None else found.highest)
    skipped = _skipped(problems, root) if spec.unreadable == "skip" else ()
    if problems and not skipped:
        raise DataError(_shortened(problems, root))
    _refuse_lost(root, ordered, kept, class_names)
    few = _few_levels(root, highest)
    counts = np.bincount([item.role for item in kept], minlength=3).tolist()
    total = len(kept)
    return make_dataset(
        _stack(root, [item.file for item in kept], images),
        np.array([item.label for item in kept], dtype=np.int64),
        class_names,
        where=str(root),
        parts=Parts(*counts),
        said=Said(
            (*said.changed, *(f"{n:,} of {total:,} images: {what}" for what, n in changes.items())),
            (*said.ignored, *skipped),
            (*said.notes, *few),
        ),
        file_names=tuple(plain_text(item.file.relative_to(root).as_posix()) for item in kept),
    )


def _resize(spec: DataSpec) -> tuple[int, int] | None:
    sizes = [(step.height, step.width) for step in spec.steps() if isinstance(step, Resize)]
    return sizes[0] if sizes else None


def _few_levels(root: Path, highest: int) -> tuple[str, ...]:
    """Return a note if 16-bit images use a small part of their range, so that few grey values remain.

    Args:
        root: folder of the images, for the error message.
        highest: largest 16-bit value of all images; -1 if no image has 16 bits.

    Raises:
        DataError: no value is above 255, so that scaling would leave two grey values.
    """
    if 0 < highest <= _EIGHT_BITS:
        rule = "16-bit pictures must use the range of 16 bits, from 0 to 65,535"
        fix = "Save them with 8 bits: their values are those of 8 bits."
        raise DataError(Problem(plain_text(str(root)), rule, f"values up to {highest}", fix))
    if not 0 <= highest < _QUARTER:
        return ()
    left = highest * 255 // 65_535 + 1
    return (
        f"16-bit pictures use values up to {highest:,} of 65,535: {left} grey values are left of them "
        "(save them scaled to the whole range)",
    )


def _skipped(problems: Sequence[Problem], root: Path) -> tuple[str, ...]:
    if not problems:
        return ()
    names = [
        f"{Path(item.where).relative_to(plain_text(str(root))).as_posix()} ({item.got})"
        for item in problems[:_MOST_PROBLEMS]
    ]
    more = len(problems) - len(names)
    tail = f" and {more:,} more" if more else ""
    return (f"{counted(len(problems), 'unreadable file')} skipped: {', '.join(names)}{tail}",)


def _shortened(problems: Sequence[Problem], root: Path) -> list[Problem]:
    more = len(problems) - _MOST_PROBLEMS
    if more <= 0:
        return list(problems)
    rest = Problem(plain_text(str(root)), f"{counted(more, 'more file')} must be readable images")
    return [*problems[:_MOST_PROBLEMS], rest]


def _refuse_lost(
    root: Path, wanted: Sequence[Listed], kept: Sequence[Listed], class_names: tuple[str, ...]
) -> None:
    """Refuse to skip all images of a class in a part."""
    lost = {(item.role, item.label) for item in wanted} - {(i.role, i.label) for i in kept}
    if lost:
        raise DataError(
            Problem(
                plain_text(str(root)),
                f"class {class_names[label]!r} must have a readable image for {_ROLES[role]}",
                "none",
                "Repair its images, or remove the class.",
            )
            for role, label in sorted(lost)
        )


def _stack(root: Path, files: Sequence[Path], images: list[Bytes]) -> Bytes:
    channels = max(image.shape[2] for image in images)
    shapes = Counter(image.shape[:2] for image in images)
    if len(shapes) > 1:
        raise DataError(
            Problem(
                plain_text(str(root)),
                "images must have one size, or the study a resize step",
                _sizes(shapes, files, images),
                "Add {resize: {height: 28, width: 28}} to data.preprocess.",
            )
        )
    return np.stack([np.repeat(image, channels // image.shape[2], axis=2) for image in images])


def _sizes(shapes: Counter[tuple[int, ...]], files: Sequence[Path], images: Sequence[Bytes]) -> str:
    said = []
    for shape, count in shapes.most_common(_NAMED):
        first = next(f for f, image in zip(files, images, strict=True) if image.shape[:2] == shape)
        more = f" and {count - 1:,} more" if count > 1 else ""
        said.append(f"{shape[0]}x{shape[1]} ({plain_text(first.name)}{more})")
    others = len(shapes) - len(said)
    return " and ".join(said) + (f" and {others:,} other sizes" if others else "")
