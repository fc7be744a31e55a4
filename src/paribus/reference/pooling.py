"""Pooling: the largest value or the mean of each window, or of the whole image."""

from __future__ import annotations

from typing import Literal

import numpy as np

from paribus.nn.layers import pooling as layers
from paribus.nn.shapes import Pads
from paribus.reference.layer import Array, Given, ReferenceLayer, reference_of
from paribus.reference.windows import cut, fold, pad, unpad

__all__ = ["AveragePooling2D", "GlobalPooling2D", "MaxPooling2D"]

Pair = tuple[int, int]


class _Pooling(ReferenceLayer):
    def __init__(self, name: str, size: Pair, strides: Pair, pads: Pads) -> None:
        super().__init__(name)
        self.size, self.strides, self.pads = size, strides, pads


class MaxPooling2D(_Pooling):
    """``y = max(window)``. Only the largest pixel has influence: its gradient is dy, that of all others 0.

    Among equal pixels the first one, row by row, gets dy. Padding counts as minus infinity, so it is never
    the maximum.
    """

    def forward(self, x: Array, *, training: bool) -> Array:  # noqa: ARG002
        """Map ``(example, height, width, channel)`` to ``(example, row, column, channel)``."""
        padded = pad(x, self.pads, -np.inf)
        self._shape = padded.shape
        windows = cut(padded, self.size, self.strides)
        flat = windows.reshape(*windows.shape[:3], -1, windows.shape[5])
        self._largest = flat.argmax(3)
        return np.take_along_axis(flat, self._largest[:, :, :, None, :], 3)[:, :, :, 0, :]

    def backward(self, dy: Array) -> Array:
        """Return dL/dx in the shape of x: each dy is added at the maximum of its window."""
        places = np.arange(self.size[0] * self.size[1])
        chosen = self._largest[:, :, :, None, :] == places[None, None, None, :, None]
        flat = chosen * dy[:, :, :, None, :]
        windows = flat.reshape(*dy.shape[:3], *self.size, dy.shape[3])
        return unpad(fold(windows, self._shape, self.strides), self.pads)


class AveragePooling2D(_Pooling):
    """``y = mean(window)``, so every pixel of a window of m pixels gets ``dy / m``.

    Padded pixels do not count, so m is smaller at the edges.
    """

    def forward(self, x: Array, *, training: bool) -> Array:  # noqa: ARG002
        """Map ``(example, height, width, channel)`` to ``(example, row, column, channel)``."""
        padded = pad(x, self.pads)
        self._shape = padded.shape
        inside = cut(pad(np.ones_like(x), self.pads), self.size, self.strides)
        self._inside, self._count = inside, inside.sum((3, 4))
        return cut(padded, self.size, self.strides).sum((3, 4)) / self._count

    def backward(self, dy: Array) -> Array:
        """Return dL/dx in the shape of x: each dy is divided equally among the pixels of its window."""
        windows = (dy / self._count)[:, :, :, None, None, :] * self._inside
        return unpad(fold(windows, self._shape, self.strides), self.pads)


class GlobalPooling2D(ReferenceLayer):
    """The mean or the maximum over height and width; equal maxima share the gradient evenly."""

    def __init__(self, name: str, kind: Literal["mean", "max"]) -> None:
        super().__init__(name)
        self.kind = kind

    def forward(self, x: Array, *, training: bool) -> Array:  # noqa: ARG002
        """Map ``(example, height, width, channel)`` to ``(example, channel)``."""
        if self.kind == "mean":
            self._share = np.full(x.shape, 1 / (x.shape[1] * x.shape[2]))
            return x.mean((1, 2))
        largest = x == x.max((1, 2), keepdims=True)
        self._share = largest / largest.sum((1, 2), keepdims=True)
        return x.max((1, 2))

    def backward(self, dy: Array) -> Array:
        """Return dL/dx: each pixel of a window gets an equal share of dL/dy."""
        return dy[:, None, None, :] * self._share


@reference_of.form(layers.MaxPooling2D)
def _max_pooling2d(layer: layers.MaxPooling2D, given: Given) -> ReferenceLayer:
    return MaxPooling2D(given.name, layer.pool_size, layer.steps(), layer.pads(given.shape))


@reference_of.form(layers.AveragePooling2D)
def _average_pooling2d(layer: layers.AveragePooling2D, given: Given) -> ReferenceLayer:
    return AveragePooling2D(given.name, layer.pool_size, layer.steps(), layer.pads(given.shape))


@reference_of.form(layers.GlobalAveragePooling2D)
def _global_average_pooling2d(layer: layers.GlobalAveragePooling2D, given: Given) -> ReferenceLayer:
    return GlobalPooling2D(given.name, "mean")


@reference_of.form(layers.GlobalMaxPooling2D)
def _global_max_pooling2d(layer: layers.GlobalMaxPooling2D, given: Given) -> ReferenceLayer:
    return GlobalPooling2D(given.name, "max")
