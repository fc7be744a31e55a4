"""Conversion of labels (integers, text, booleans, one-hot rows) to class numbers from 0."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from paribus.errors import DataError, Problem
from paribus.wording import counted

__all__ = ["Labels", "as_labels"]

AnyArray = npt.NDArray[Any]
Located = Callable[[int, int | None], str]
"""Function (part, example or None) -> text that locates a label in error messages."""
_ROLES = ("training", "validation", "test")
_LARGEST = 1 << 53
"""Largest integer up to which float64 represents all integers exactly."""
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?")


@dataclass(frozen=True)
class Labels:
    """Class numbers of all parts, with remarks for the user."""

    parts: tuple[npt.NDArray[np.int64], ...]
    """``(example,)`` for each part, indices into ``class_names``."""
    class_names: tuple[str, ...]
    changed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def as_labels(
    parts: Sequence[AnyArray],
    located: Located,
    *,
    names: Sequence[str] = _ROLES,
    columns: Sequence[str] = (),
) -> Labels:
    """Return class numbers; the first of the sorted classes has number 0.

    Args:
        parts: labels of the source's parts, training first: ``(example,)``, ``(example, 1)`` or,
            one-hot, ``(example, class)``.
        located: function that locates a label in error messages.
        names: names of the parts in remarks.
        columns: class names of one-hot labels; by default their numbers.

    Raises:
        DataError: labels that are not classes, for example fractions; the first one is located.
    """
    _refuse_kinds(parts, located)
    if any(_wide(part) for part in parts):
        return _one_hot(parts, located, names, columns)
    changed: tuple[str, ...] = ()
    if any(part.ndim > 1 for part in parts):
        changed = (f"labels of shape {_shapes(parts)} read as one column",)
    flat = [_plain(part.reshape(-1), index, located) for index, part in enumerate(parts)]
    if len({part.dtype.kind in "UO" for part in flat}) > 1:
        kinds = " and ".join(dict.fromkeys(str(part.dtype) for part in parts))
        rule = "labels of all parts must be of one kind"
        raise DataError(Problem(located(0, None), rule, kinds))
    for index, part in enumerate(flat):
        _refuse_lone_words(part, index, located)
    values, numbers = np.unique(np.concatenate(flat), return_inverse=True)
    if values.dtype.kind == "U":
        values, numbers = _by_number(values, numbers)
    classes = tuple(str(value) for value in values)
    split = np.split(numbers.astype(np.int64), np.cumsum([len(part) for part in flat])[:-1])
    return Labels(tuple(split), classes, changed, _notes(split, classes, names))


def _wide(part: AnyArray) -> bool:
    return part.ndim == 2 and min(part.shape) > 1


def _shapes(parts: Sequence[AnyArray]) -> str:
    return " and ".join(dict.fromkeys(str(part.shape) for part in parts))


def _refuse_kinds(parts: Sequence[AnyArray], located: Located) -> None:
    kinds = {"c": "complex numbers", "M": "dates", "m": "durations", "V": "records with fields"}
    for index, part in enumerate(parts):
        given = None
        if part.dtype.kind in kinds:
            given = f"{kinds[part.dtype.kind]} ({part.dtype})"
        elif part.ndim == 0 or max(part.shape) != part.size:
            given = None if _wide(part) else f"the shape {part.shape}"
        if given is not None:
            rule = "labels must be one class for each image: whole numbers or text"
            raise DataError(Problem(located(index, None), rule, given))


def _plain(part: AnyArray, index: int, located: Located) -> AnyArray:
    """Return labels as int64 or text."""
    if part.dtype.kind in "US":
        return _text(part, index, located)
    if part.dtype.kind == "b":
        return part.astype(str)
    if part.dtype.kind == "f":
        finite = np.isfinite(part)
        known = np.where(finite, part, 0)
        bad = ~finite | (known != np.round(known)) | (np.abs(known) > _LARGEST)
        if bad.any():
            place = int(np.flatnonzero(bad)[0])
            rule = "labels must be classes: whole numbers or text"
            fix = "Remove examples without a label; a measured quantity is no class."
            raise DataError(Problem(located(index, place), rule, f"{part[place]!s}", fix))
        return part.astype(np.int64)
    if part.dtype.kind in "iu":
        if part.size and int(part.max()) > _LARGEST:
            place = int(part.argmax())
            rule = "labels must be classes: whole numbers or text"
            raise DataError(Problem(located(index, place), rule, f"{part[place]!s}"))
        return part.astype(np.int64)  # one type for all parts: mixed ones would become floats
    return part


def _text(part: AnyArray, index: int, located: Located) -> AnyArray:
    if part.dtype.kind == "S":
        try:
            part = np.char.decode(part, "utf-8")
        except UnicodeDecodeError as error:
            rule = "labels must be text in UTF-8"
            raise DataError(Problem(located(index, None), rule, str(error))) from error
    part = np.char.strip(part.astype(str))
    missing = np.flatnonzero((part == "") | (np.char.lower(part) == "nan"))
    if len(missing):
        place = int(missing[0])
        rule, fix = "must hold a class", "Remove examples without a label."
        raise DataError(Problem(located(index, place), rule, str(part[place]) or "nothing", fix))
    return part


def _refuse_lone_words(part: AnyArray, index: int, located: Located) -> None:
    """Refuse a word that occurs once among numeric labels, as in a row of totals."""
    if part.dtype.kind != "U":
        return
    found, counts = np.unique(part, return_counts=True)
    numbers = np.array([_NUMBER.fullmatch(str(value)) is not None for value in found], bool)
    lone = found[~numbers & (counts == 1)]
    if len(lone) and 2 * counts[numbers].sum() > len(part) and len(lone) < numbers.sum():
        place = int(np.flatnonzero(part == lone[0])[0])
        rule = "labels must be of one kind, and nearly all are numbers"
        raise DataError(
            Problem(located(index, place), rule, repr(str(lone[0])), "Remove that row.")
        )


def _by_number(values: AnyArray, numbers: AnyArray) -> tuple[AnyArray, npt.NDArray[np.int64]]:
    """Sort classes whose names are all numbers by value (2 before 10) instead of as text."""
    texts = [str(value) for value in values]
    if not all(text.isascii() and text.isdigit() for text in texts):
        return values, numbers.astype(np.int64)
    order = sorted(range(len(texts)), key=lambda place: (int(texts[place]), texts[place]))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return values[order], rank[numbers.astype(np.int64)]


def _one_hot(
    parts: Sequence[AnyArray], located: Located, names: Sequence[str], columns: Sequence[str]
) -> Labels:
    widths = {part.shape[1] if _wide(part) else 0 for part in parts}
    if len(widths) > 1:
        rule = "labels of all parts must have one form"
        raise DataError(Problem(located(0, None), rule, f"the shapes {_shapes(parts)}"))
    found = []
    for index, part in enumerate(parts):
        if part.dtype.kind in "US":
            rule = "labels must be one class for each image"
            raise DataError(Problem(located(index, None), rule, f"text of shape {part.shape}"))
        good = ((part == 0) | (part == 1)).all(1) & (part.astype(np.float64).sum(1) == 1)
        if not good.all():
            place = int(np.flatnonzero(~good)[0])
            rule = "a row of labels must hold a single 1, for its class, and zeros"
            shown = ", ".join(f"{value:g}" for value in part[place, :8].astype(np.float64))
            more = ", ..." if part.shape[1] > 8 else ""
            fix = "Images with several classes, or with shares of them, are not supported."
            raise DataError(Problem(located(index, place), rule, f"[{shown}{more}]", fix))
        found.append(part.argmax(1).astype(np.int64))
    (width,) = widths
    classes = tuple(columns) or tuple(str(number) for number in range(width))
    changed = (f"one-hot labels (rows of {width} with a single 1) read as {width} classes",)
    return Labels(tuple(found), classes, changed, _notes(found, classes, names))


def _notes(
    parts: Sequence[npt.NDArray[np.int64]], classes: Sequence[str], names: Sequence[str]
) -> tuple[str, ...]:
    """Return remarks about classes without training images, unique labels, and names that differ in case."""
    said = []
    counts = [np.bincount(part, minlength=len(classes)) for part in parts]
    lacking = [name for name, count in zip(classes, counts[0], strict=True) if count == 0]
    if lacking:
        what = "class" if len(lacking) == 1 else "classes"
        others = [name for name, count in zip(names[1:], counts[1:], strict=False) if count.sum()]
        where = f" (only {' and '.join(others)} images can have)" if others else ""
        said.append(f"no training image has the {what} {_listed(lacking)}{where}")
    if len(counts[0]) >= 10 and all((count <= 1).all() for count in counts):
        said.append(
            f"each of the {counted(len(counts[0]), 'label')} occurs once: are they classes?"
        )
    folded: dict[str, str] = {}
    for name in classes:
        other = folded.setdefault(name.casefold(), name)
        if other != name:
            said.append(f"the classes {other!r} and {name!r} differ only in capital letters")
    return tuple(said)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"
