"""Conversion of pixel arrays of any type to bytes. Changes are reported, and nothing is clipped.

Integers from 0 to 255 do not change. Images with only the values 0 and 1 have the maximum 1. Numbers
from 0 to 1 become 256 grey values. ``uint16`` arrays with a value above 32,767 are scaled by
255 / 65,535. Other values beyond 255 are ambiguous (10, 12 or 16 bits?), and the study must give
``data.maximum``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from paribus.errors import DataError, Problem

__all__ = ["Bytes", "Located", "as_bytes"]

Bytes = npt.NDArray[np.uint8]
AnyArray = npt.NDArray[Any]
Located = Callable[[int, tuple[int, ...]], str]
"""Function (part, index in the part's array) -> text that locates a pixel in error messages."""

_CHUNK = 1 << 22
"""Number of values processed at a time."""
_SLACK = 1e-5
"""Values beyond 0..1 by at most this are rounding errors, of float32 or of resizing."""
_EXACT = 1e-3
"""Largest rounding, in grey values, that counts as exact; six decimal places need it."""
_NEAR_ONE = 4.0
"""Fractions below this are taken for a wrong range 0..1: with maximum 255, all would be nearly black."""
_KINDS = {
    "c": "complex numbers",
    "U": "text",
    "S": "text",
    "M": "dates",
    "m": "durations",
    "O": "Python objects",
    "V": "records with fields",
}


@dataclass(frozen=True)
class _Range:
    """Range and kind of the values of all parts together."""

    low: float
    """Smallest value, at least 0."""
    high: float
    whole: bool
    """Whether all values are integers."""
    boolean: bool = False
    """Whether all arrays are boolean."""
    lowest: float = 0.0
    """Smallest value, including negative rounding errors."""

    @property
    def beyond(self) -> bool:
        """Whether a value lies outside 0..1."""
        return self.lowest < 0 or self.high > 1


def as_bytes(
    parts: Sequence[AnyArray], located: Located, *, maximum: int | None
) -> tuple[list[Bytes], int, tuple[str, ...]]:
    """Convert the arrays of all parts to bytes.

    Args:
        parts: arrays of one source, all converted in the same way.
        located: function that locates a value in error messages.
        maximum: ``data.maximum`` of the study; None recognises the range.

    Returns:
        The arrays as bytes, the largest possible pixel value after conversion, and remarks.

    Raises:
        DataError: values that are no pixels, or an ambiguous range; the first such value is located.
    """
    _refuse_kinds(parts, located)
    found = _range(parts, located)
    if maximum in (None, 1) and not found.whole and found.high <= 1 + _SLACK and found.beyond:
        parts = [np.clip(part, 0, 1) for part in parts]
        cut = f"pixels from 0 to 1, but for rounding ({found.lowest:.9g} to {found.high:.9g}), which is cut off"
        bytes_of, largest, how = as_bytes(parts, located, maximum=None)
        return bytes_of, largest, (cut, *how)
    if maximum is not None:
        return _by_maximum(parts, located, found, maximum)
    if found.boolean:
        return [part.astype(np.uint8) for part in parts], 1, ("boolean pixels read as 0 and 1",)
    if found.whole and found.high <= 255:
        said = ("pixels are 0 or 1: two grey values, the largest is 1",) if found.high <= 1 else ()
        return [part.astype(np.uint8, copy=False) for part in parts], 1 if said else 255, said
    if found.high <= 1:
        return _scaled(parts, 1.0, "pixels from 0 to 1")
    if found.whole and found.high > 32767 and all(part.dtype == np.uint16 for part in parts):
        return _scaled(parts, 65535.0, "16-bit pixels from 0 to 65,535")
    raise DataError(_unclear(parts, located, found))


def _by_maximum(
    parts: Sequence[AnyArray], located: Located, found: _Range, maximum: int
) -> tuple[list[Bytes], int, tuple[str, ...]]:
    if found.high > maximum:
        where = located(*_first(parts, lambda values: values > maximum))
        rule = f"pixels must be at most data.maximum, {maximum}"
        fix = f"Write data.maximum: {int(np.ceil(found.high))} or more."
        raise DataError(Problem(where, rule, f"{found.high:g}", fix))
    if found.whole and maximum <= 255:
        return [part.astype(np.uint8) for part in parts], maximum, ()
    return _scaled(parts, float(maximum), f"pixels from 0 to {maximum:,}")


def _scaled(
    parts: Sequence[AnyArray], maximum: float, what: str
) -> tuple[list[Bytes], int, tuple[str, ...]]:
    """Scale 0..``maximum`` to 0..255, and report the largest rounding."""
    result, worst = [], 0.0
    for part in parts:
        flat = part.reshape(-1)
        out = np.empty(flat.shape, np.uint8)
        for start in range(0, len(flat), _CHUNK):
            values = flat[start : start + _CHUNK].astype(np.float64) * (255 / maximum)
            rounded = np.round(values)
            worst = max(worst, float(np.abs(values - rounded).max(initial=0.0)))
            out[start : start + _CHUNK] = rounded
        result.append(out.reshape(part.shape))
    how = "exactly" if worst <= _EXACT else f"rounded by up to {worst:.2f} of a grey value"
    return result, 255, (f"{what} became 256 grey values, {how}",)


def _refuse_kinds(parts: Sequence[AnyArray], located: Located) -> None:
    for index, part in enumerate(parts):
        if part.dtype.kind in _KINDS:
            given = f"{_KINDS[part.dtype.kind]} ({part.dtype})"
            fix = "Store raw pixels; the study scales them."
            raise DataError(Problem(located(index, ()), "pixels must be numbers", given, fix))
        if not part.size:
            rule = "must hold at least one pixel"
            raise DataError(Problem(located(index, ()), rule, f"the shape {part.shape}"))


def _range(parts: Sequence[AnyArray], located: Located) -> _Range:
    """Return the range of all values; NaN, infinite and negative values are refused."""
    low, high, whole = np.inf, -np.inf, True
    for values in _chunks(parts):
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise DataError(_not_finite(parts, located))
        low, high = min(low, float(values.min())), max(high, float(values.max()))
        whole = whole and (values.dtype.kind != "f" or bool((values == np.round(values)).all()))
    unit = not whole and high <= 1 + _SLACK
    if low < (-_SLACK if unit else 0):
        raise DataError(_negative(parts, located, low, high))
    return _Range(max(low, 0.0), high, whole, all(part.dtype == np.bool_ for part in parts), low)


def _chunks(parts: Sequence[AnyArray]) -> Iterator[AnyArray]:
    for part in parts:
        flat = part.reshape(-1)
        for start in range(0, len(flat), _CHUNK):
            yield flat[start : start + _CHUNK]


def _first(
    parts: Sequence[AnyArray], bad: Callable[[AnyArray], npt.NDArray[np.bool_]]
) -> tuple[int, tuple[int, ...]]:
    """Return the part and the index of the first value for which ``bad`` is true."""
    for index, part in enumerate(parts):
        flat = part.reshape(-1)
        for start in range(0, len(flat), _CHUNK):
            found = np.flatnonzero(bad(flat[start : start + _CHUNK]))
            if len(found):
                place = np.unravel_index(start + int(found[0]), part.shape)
                return index, tuple(int(step) for step in place)
    return 0, ()


def _value(parts: Sequence[AnyArray], place: tuple[int, tuple[int, ...]]) -> str:
    return f"{parts[place[0]][place[1]]!s}"


def _not_finite(parts: Sequence[AnyArray], located: Located) -> Problem:
    place = _first(parts, lambda values: ~np.isfinite(values))
    rule, fix = "pixels must be finite numbers", "Repair or remove that example."
    return Problem(located(*place), rule, _value(parts, place), fix)


def _negative(parts: Sequence[AnyArray], located: Located, low: float, high: float) -> Problem:
    place = _first(parts, lambda values: values < 0)
    fix = "Store raw pixels, from 0 up; the study scales or standardizes them."
    if low >= -1 and high <= 1:
        fix = "Store raw pixels, or (x + 1) / 2 if -1 is black; the study scales or standardizes them."
    elif low >= -128 and high <= 127 and parts[place[0]].dtype == np.int8:
        fix = "Store them as uint8: x.view(numpy.uint8) if 255 became -1, x + 128 if 0 became -128."
    got = f"{_value(parts, place)} (all: {low:g} to {high:g})"
    return Problem(located(*place), "pixels must not be negative", got, fix)


def _rarer(parts: Sequence[AnyArray]) -> Callable[[AnyArray], npt.NDArray[np.bool_]]:
    """Return a predicate for the rarer kind of values: fractions, or values above 1."""
    fractions = sum(int((values != np.round(values)).sum()) for values in _chunks(parts))
    large = sum(int((values > 1).sum()) for values in _chunks(parts))
    return (lambda v: v != np.round(v)) if fractions <= large else (lambda v: v > 1)


def _unclear(parts: Sequence[AnyArray], located: Located, found: _Range) -> Problem:
    if found.whole:
        bits = int(found.high).bit_length()
        place = _first(parts, lambda values: values > 255)
        candidates = sorted({2**count - 1 for count in (bits, 12, 16) if count >= bits})
        rule = "pixels beyond 255 need the largest value that they can have"
    else:
        place = _first(parts, _rarer(parts))
        candidates = [255] if found.high <= 255 else [int(np.ceil(found.high))]
        rule = "pixels must be whole numbers from 0 to 255, or lie between 0 and 1"
        if found.high < _NEAR_ONE:
            got = f"{_value(parts, place)} (all: {found.low:g} to {found.high:g}, {parts[place[0]].dtype})"
            fix = "Clip the pixels to 0..1, or divide them by the largest that they can have."
            return Problem(located(*place), rule, got, fix)
    names = " or ".join(f"data.maximum: {value}" for value in candidates)
    got = f"{_value(parts, place)} (all: {found.low:g} to {found.high:g}, {parts[place[0]].dtype})"
    end = "whichever is true" if len(candidates) > 1 else "if that is true"
    return Problem(located(*place), rule, got, f"Write {names}, {end}.")
