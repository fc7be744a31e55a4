"""Shapes of images, and the output size of windows. Free of torch.

Shapes have no example axis and the channel comes last: ``(height, width, channel)`` or ``(unit,)``.
"""

from __future__ import annotations

from typing import Literal

from paribus.errors import Problem, StudyError
from paribus.records import Shape

__all__ = [
    "Padding",
    "Pads",
    "ShapeError",
    "image_shape",
    "same_padding",
    "window_output",
    "window_padding",
]

Padding = Literal["valid", "same"] | int
Pads = tuple[int, int, int, int]
"""Left, right, top, bottom: the order that ``torch.nn.functional.pad`` takes."""


class ShapeError(StudyError):
    """A layer does not accept the shape of its input."""


def image_shape(layer: str, shape: Shape) -> tuple[int, int, int]:
    """Return a shape as ``(height, width, channel)``.

    Args:
        layer: name of the layer for the error message.
        shape: shape of the layer's input.

    Raises:
        ShapeError: the shape does not have three axes.
    """
    if len(shape) != 3:
        raise ShapeError(
            Problem(
                where=layer,
                rule="must get images (height, width, channel)",
                got=str(shape),
                fix="Put this layer before Flatten and before any Dense layer.",
            )
        )
    return shape[0], shape[1], shape[2]


def window_output(
    layer: str,
    size: tuple[int, int],
    window: tuple[int, int],
    strides: tuple[int, int],
    padding: Padding,
) -> tuple[int, int]:
    """Return height and width of the output of a sliding window.

    Args:
        layer: name of the layer for the error message.
        size: height and width of the input.
        window: height and width of the kernel or pool.
        strides: vertical and horizontal stride.
        padding: ``valid``, ``same`` (Keras's: output = ceil(input / stride)) or number of pixels on every side.

    Raises:
        ShapeError: the window is larger than the image.

    Example:
        >>> window_output("conv", (28, 28), (3, 3), (1, 1), "valid")
        (26, 26)
        >>> window_output("conv", (7, 7), (3, 3), (2, 2), "same")
        (4, 4)
    """
    if padding == "same":
        return -(-size[0] // strides[0]), -(-size[1] // strides[1])
    extra = 0 if padding == "valid" else 2 * padding
    out = tuple(
        (length + extra - part) // stride + 1
        for length, part, stride in zip(size, window, strides, strict=True)
    )
    if min(out) < 1:
        raise ShapeError(
            Problem(
                where=layer,
                rule=f"window {window[0]}x{window[1]} must fit into the image that reaches it",
                got=f"{size[0]}x{size[1]}",
                fix="Use a smaller window, padding: same, or fewer pooling layers before it.",
            )
        )
    return out[0], out[1]


def same_padding(length: int, window: int, stride: int) -> tuple[int, int]:
    """Return the numbers of pixels before and after for Keras's ``same``; an odd pixel is added after.

    Example:
        >>> same_padding(28, 5, 1), same_padding(28, 2, 2), same_padding(7, 3, 2), same_padding(8, 3, 2)
        ((2, 2), (0, 0), (1, 1), (0, 1))
    """
    out = -(-length // stride)
    total = max((out - 1) * stride + window - length, 0)
    return total // 2, total - total // 2


def window_padding(
    size: tuple[int, int], window: tuple[int, int], strides: tuple[int, int], padding: Padding
) -> Pads:
    """Return the padding in pixels, in the order (left, right, top, bottom)."""
    if padding == "valid":
        return 0, 0, 0, 0
    if padding == "same":
        return (
            *same_padding(size[1], window[1], strides[1]),
            *same_padding(size[0], window[0], strides[0]),
        )
    return padding, padding, padding, padding
