"""Recognition of the axes of image arrays (example, height, width, channel); ambiguity is an error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from paribus.data.spec import DataSpec
from paribus.errors import DataError, Problem

__all__ = ["Arranged", "arranged", "composited"]

AnyArray = npt.NDArray[Any]
Bytes = npt.NDArray[np.uint8]
CHANNELS = (1, 2, 3, 4)
_FIX_LAYOUT = "Write data.layout: channels_last or data.layout: channels_first."


@dataclass(frozen=True)
class Arranged:
    """Arrays of a source's parts, with the axes ``(example, height, width, channel)``."""

    parts: tuple[AnyArray, ...]
    changed: tuple[str, ...] = ()
    """Changes of the axes, for the user."""
    notes: tuple[str, ...] = ()
    """Other remarks, for the user."""
    alpha: bool = False
    """Whether the fourth channel is alpha (opacity)."""


def arranged(
    parts: Sequence[AnyArray], names: Sequence[str], spec: DataSpec, *, counts: Sequence[int]
) -> Arranged:
    """Give the arrays of all parts the axes ``(example, height, width, channel)``.

    Args:
        parts: arrays of one source.
        names: names of the parts in error messages.
        spec: data settings; ``layout`` and ``shape`` resolve ambiguous axes.
        counts: number of labels of each part, which identifies the example axis.

    Raises:
        DataError: the axes are ambiguous, or differ between parts.
    """
    _refuse_other_axes(parts, names, counts)
    shapes = [part.shape[1:] for part in parts]
    if len(set(shapes)) > 1:
        other = next(index for index, shape in enumerate(shapes) if shape != shapes[0])
        rule = f"images must have one shape; those of {names[0]} have {_shown(shapes[0])}"
        raise DataError(Problem(names[other], rule, _shown(shapes[other])))
    shape = shapes[0]
    if len(shape) == 1:
        found = _from_rows(parts, names[0], shape[0], spec)
    elif len(shape) == 2:
        found = _from_planes(parts, names[0], shape, spec)
    else:
        found = _from_four(parts, names[0], shape, spec)
    return _checked(found, names[0], spec)


def _refuse_other_axes(
    parts: Sequence[AnyArray], names: Sequence[str], counts: Sequence[int]
) -> None:
    for part, name, count in zip(parts, names, counts, strict=True):
        if part.ndim not in (2, 3, 4):
            rule = "images must be (example, height, width) or (example, height, width, channel)"
            raise DataError(Problem(name, rule, f"the shape {part.shape}"))
        if count not in (part.shape[0], 1) and count == part.shape[-1]:
            rule = f"the first axis must count the images, {count} as there are labels"
            fix = f"Save numpy.moveaxis({name.rsplit(': ')[-1]}, -1, 0) instead."
            raise DataError(Problem(name, rule, f"the shape {part.shape}", fix))


def _from_rows(parts: Sequence[AnyArray], name: str, length: int, spec: DataSpec) -> Arranged:
    """Arrange flat images ``(example, value)``: by ``data.shape``, else as a square with one channel."""
    if spec.shape is not None:
        height, width, *rest = spec.shape
        channels = rest[0] if rest else 1
        if height * width * channels != length:
            rule = f"data.shape must have as many values as an image, {length}"
            given = " x ".join(map(str, spec.shape))
            raise DataError(Problem(name, rule, f"{given} = {height * width * channels}"))
        return _reshaped(parts, (height, width, channels), spec)
    side = math.isqrt(length)
    if length == 1:
        rule = "images must have more than one pixel"
        raise DataError(Problem(name, rule, "1", "Write data.shape: [1, 1] if that is meant."))
    if side * side == length:
        said = f"rows of {length} values read as {side} x {side} pixels"
        return Arranged(tuple(part.reshape(-1, side, side, 1) for part in parts), (said,))
    side = math.isqrt(length // 3)
    coloured = 3 * side * side == length
    if coloured and spec.layout is not None:
        return _reshaped(parts, (side, side, 3), spec)
    raise DataError(_unclear_row(name, length, side if coloured else None))


def _unclear_row(name: str, length: int, side: int | None) -> Problem:
    if side is not None:
        rule = "the order of the values of a row must be clear"
        got = f"{length} values, {side} x {side} pixels in three colours or another shape"
        shape = f"data.shape: [{side}, {side}, 3]"
        fix = (
            f"Write {shape} with data.layout: channels_last (the colours of a pixel lie together) "
            "or channels_first (all reds, all greens, all blues)."
        )
        return Problem(name, rule, got, fix)
    rule = "must have as many values in a row as a square image, or data.shape must say its sides"
    pairs = [(length // width, width) for width in range(2, length) if length % width == 0]
    pairs.sort(key=lambda pair: abs(math.log(pair[0] / pair[1])))
    shapes = " or ".join(f"[{height}, {width}]" for height, width in pairs[:2])
    fix = f"Write data.shape: {shapes}." if shapes else "Leave out what is no pixel."
    return Problem(name, rule, f"{length} values", fix)


def _reshaped(parts: Sequence[AnyArray], shape: tuple[int, int, int], spec: DataSpec) -> Arranged:
    height, width, channels = shape
    if channels > 1 and spec.layout == "channels_first":
        order = "channel by channel"
        found = [part.reshape(-1, channels, height, width).transpose(0, 2, 3, 1) for part in parts]
    else:
        order = "pixel by pixel" if channels > 1 else "row by row"
        found = [part.reshape(-1, height, width, channels) for part in parts]
    size = " x ".join(map(str, (height, width, channels)[: 2 + (channels > 1)]))
    return Arranged(tuple(found), (f"rows of values read as {size} pixels, {order}",))


def _from_planes(
    parts: Sequence[AnyArray], name: str, shape: tuple[int, ...], spec: DataSpec
) -> Arranged:
    """Arrange ``(example, height, width)``; refused if the shorter side may be the channels."""
    height, width = shape
    if spec.shape is not None:
        wanted = spec.shape
        if tuple(wanted) in ((height, width), (height, width, 1)):
            return Arranged(tuple(part[..., None] for part in parts))
        if math.prod(wanted) != height * width:
            rule = "data.shape must be the shape of an image"
            got = f"{_shown(tuple(wanted))}, where the images have {_shown(shape)}"
            raise DataError(Problem(name, rule, got))
        flat = [part.reshape(len(part), -1) for part in parts]
        return _from_rows(flat, name, height * width, spec)
    if min(shape) in CHANNELS and max(shape) >= 16:
        rule = "the axes (example, height, width) must be clear"
        got = f"(example, {height}, {width}): flattened images, or very flat ones"
        fix = f"Write data.shape: [{height}, {width}] if they are flat, else the true sides."
        raise DataError(Problem(name, rule, got, fix))
    return Arranged(tuple(part[..., None] for part in parts))


def _from_four(
    parts: Sequence[AnyArray], name: str, shape: tuple[int, ...], spec: DataSpec
) -> Arranged:
    layout = spec.layout or _layout_of(shape, spec.shape)
    if layout is None:
        rule = "the axis of the channels must be clear"
        raise DataError(Problem(name, rule, f"(example, {_axes(shape)})", _FIX_LAYOUT))
    if layout == "channels_first":
        said = f"(example, channel, height, width) = (n, {_axes(shape)}) turned into channels last"
        return Arranged(tuple(part.transpose(0, 2, 3, 1) for part in parts), (said,))
    return Arranged(tuple(parts))


def _layout_of(shape: tuple[int, ...], wanted: Sequence[int] | None) -> str | None:
    """Return the layout of ``shape``, an image with three axes; None if it is ambiguous."""
    if wanted is not None and len(wanted) == 3:
        height, width, channels = wanted
        orders = {
            "channels_last": (height, width, channels),
            "channels_first": (channels, height, width),
        }
        fitting = [layout for layout, order in orders.items() if order == shape]
        if fitting:
            return fitting[0] if len(fitting) == 1 else None
    first, middle, last = shape
    candidates = {"channels_last": (last, first, middle), "channels_first": (first, middle, last)}
    good = [layout for layout, axes in candidates.items() if axes[0] in CHANNELS]
    if len(good) == 2:  # prefer square images
        good = [layout for layout in good if candidates[layout][1] == candidates[layout][2]]
    elif not good and last < min(first, middle):
        good = ["channels_last"]
    return good[0] if len(good) == 1 else None


def _checked(found: Arranged, name: str, spec: DataSpec) -> Arranged:
    """Compare the image shape with ``data.shape``, and recognise alpha and unusual channels."""
    shape = tuple(int(size) for size in found.parts[0].shape[1:])
    wanted = spec.shape
    if wanted is not None and tuple(wanted) not in (shape, shape[:2] if shape[2] == 1 else shape):
        rule = "data.shape must be the shape of an image"
        got = f"{_shown(tuple(wanted))}, where the images have {_shown(shape)}"
        raise DataError(Problem(name, rule, got))
    channels = shape[2]
    alpha = channels == 4 and (wanted is None or len(wanted) < 3)
    notes: tuple[str, ...] = ()
    if channels not in (1, 3) and not alpha:
        notes = (f"images have {channels} channels, kept as they are",)
    return Arranged(found.parts, found.changed, notes, alpha)


def composited(images: Bytes, background: str, maximum: int) -> Bytes:
    """Composite RGBA images on a background colour.

    Args:
        images: ``(example, height, width, 4)``.
        background: ``white`` or ``black``.
        maximum: largest possible value of a colour channel and of alpha.

    Returns:
        ``(example, height, width, 3)``.
    """
    result = np.empty((*images.shape[:3], 3), np.uint8)
    under = maximum if background == "white" else 0
    for start in range(0, len(images), 1024):
        chunk = images[start : start + 1024].astype(np.float64)
        opaque = chunk[..., 3:] / maximum
        result[start : start + 1024] = np.round(chunk[..., :3] * opaque + under * (1 - opaque))
    return result


def _shown(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))


def _axes(shape: Sequence[int]) -> str:
    return ", ".join(map(str, shape))
