"""Pooling: MaxPooling2D, AveragePooling2D and the two global ones."""

from __future__ import annotations

from typing import ClassVar, Literal

from paribus.nn.layer import Layer, Pair
from paribus.nn.shapes import Pads, image_shape, window_output, window_padding
from paribus.records import Shape

__all__ = [
    "AveragePooling2D",
    "GlobalAveragePooling2D",
    "GlobalMaxPooling2D",
    "MaxPooling2D",
]


class _Pooling(Layer):
    family: ClassVar[str] = "pooling"
    pool_size: Pair = (2, 2)
    strides: Pair | None = None
    padding: Literal["valid", "same"] = "valid"

    def steps(self) -> tuple[int, int]:
        """Strides (height, width); by default the pool size."""
        return self.strides or self.pool_size

    def output_shape(self, shape: Shape) -> Shape:
        """Return ``(height, width, channel)`` of the output."""
        height, width, channels = image_shape(self.label, shape)
        size = window_output(
            self.label, (height, width), self.pool_size, self.steps(), self.padding
        )
        return (*size, channels)

    def pads(self, shape: Shape) -> Pads:
        """Return the numbers of padded pixels on the left, on the right, at the top and at the bottom."""
        return window_padding((shape[0], shape[1]), self.pool_size, self.steps(), self.padding)


class MaxPooling2D(_Pooling):
    """The largest value of each window. Strides default to the pool size."""

    order: ClassVar[int] = 60
    short: ClassVar[str] = "max"


class AveragePooling2D(_Pooling):
    """The mean of each window; padded pixels do not count (as in Keras)."""

    order: ClassVar[int] = 70
    short: ClassVar[str] = "mean"


class _GlobalPooling(Layer):
    family: ClassVar[str] = "pooling"

    def output_shape(self, shape: Shape) -> Shape:
        """Return ``(channel,)``: one value per channel."""
        return (image_shape(self.label, shape)[2],)


class GlobalAveragePooling2D(_GlobalPooling):
    """The mean over height and width."""

    order: ClassVar[int] = 80
    short: ClassVar[str] = "mean of all"


class GlobalMaxPooling2D(_GlobalPooling):
    """The largest value over height and width."""

    order: ClassVar[int] = 90
    short: ClassVar[str] = "max of all"
