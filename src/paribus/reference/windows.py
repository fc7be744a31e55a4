"""Sliding windows over images: extraction of all windows, and the transposed operation for gradients."""

from __future__ import annotations

import numpy as np

from paribus.nn.shapes import Pads
from paribus.reference.layer import Array

__all__ = ["cut", "fold", "pad", "unpad"]

Pair = tuple[int, int]


def pad(x: Array, pads: Pads, value: float = 0.0) -> Array:
    """Return images ``(example, height, width, channel)`` with a border of ``value``."""
    left, right, top, bottom = pads
    return np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=value)


def unpad(x: Array, pads: Pads) -> Array:
    """Return images without their border."""
    left, right, top, bottom = pads
    return x[:, top : x.shape[1] - bottom, left : x.shape[2] - right, :]


def cut(x: Array, size: Pair, strides: Pair) -> Array:
    """Return all windows: ``(example, row, column, height of window, width of window, channel)``.

    The window at (row, column) begins at pixel (row * strides[0], column * strides[1]).
    """
    views = np.lib.stride_tricks.sliding_window_view(x, size, axis=(1, 2))
    return views[:, :: strides[0], :: strides[1]].transpose(0, 1, 2, 4, 5, 3)


def fold(windows: Array, shape: tuple[int, ...], strides: Pair) -> Array:
    """Add windows to images: the transpose of `cut`.

    A pixel that is in several windows gets the sum of their gradients, because the loss depends on it
    through all of them.

    Args:
        windows: gradients of windows, in the shape that `cut` returns.
        shape: shape of the images.
        strides: strides that `cut` used.
    """
    result = np.zeros(shape)
    rows, columns, height, width = windows.shape[1:5]
    for i in range(height):
        for j in range(width):
            below = slice(i, i + rows * strides[0], strides[0])
            beside = slice(j, j + columns * strides[1], strides[1])
            result[:, below, beside, :] += windows[:, :, :, i, j, :]
    return result
