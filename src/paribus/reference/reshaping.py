"""Layers without arithmetic, whose gradients are only moved."""

from __future__ import annotations

from paribus.nn.layers import reshaping as layers
from paribus.nn.shapes import Pads
from paribus.reference.layer import Array, Given, ReferenceLayer, reference_of
from paribus.reference.windows import pad, unpad

__all__ = ["Flatten", "Input", "ZeroPadding2D"]


class Input(ReferenceLayer):
    """y = x, so dx = dy."""

    def forward(self, x: Array, *, training: bool) -> Array:  # noqa: ARG002
        """Return the input, unchanged."""
        return x

    def backward(self, dy: Array) -> Array:
        """Return dL/dy, which is dL/dx."""
        return dy


class Flatten(ReferenceLayer):
    """Reshape images to rows; the backward pass restores the shape."""

    def forward(self, x: Array, *, training: bool) -> Array:  # noqa: ARG002
        """Map ``(example, height, width, channel)`` to ``(example, height * width * channel)``."""
        self._shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, dy: Array) -> Array:
        """Return dL/dy in the shape of the input."""
        return dy.reshape(self._shape)


class ZeroPadding2D(ReferenceLayer):
    """Add zeros around the image; their gradients are dropped."""

    def __init__(self, name: str, pads: Pads) -> None:
        super().__init__(name)
        self.pads = pads

    def forward(self, x: Array, *, training: bool) -> Array:  # noqa: ARG002
        """Return the images with a border of zeros."""
        return pad(x, self.pads)

    def backward(self, dy: Array) -> Array:
        """Return dL/dx in the shape of x: dy without the border."""
        return unpad(dy, self.pads)


@reference_of.form(layers.Input)
def _input(layer: layers.Input, given: Given) -> ReferenceLayer:
    return Input(given.name)


@reference_of.form(layers.Flatten)
def _flatten(layer: layers.Flatten, given: Given) -> ReferenceLayer:
    return Flatten(given.name)


@reference_of.form(layers.ZeroPadding2D)
def _zero_padding2d(layer: layers.ZeroPadding2D, given: Given) -> ReferenceLayer:
    (top, bottom), (left, right) = layer.padding
    return ZeroPadding2D(given.name, (left, right, top, bottom))
