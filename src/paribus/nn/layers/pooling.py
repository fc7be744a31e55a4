"""Pooling: MaxPooling2D, AveragePooling2D and the two global ones; ZeroPadding2D."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import BeforeValidator

from paribus.nn.layer import Border, Layer, Pair
from paribus.nn.shapes import image_shape, window_output, window_padding
from paribus.records import Shape

if TYPE_CHECKING:
    import torch

__all__ = [
    "AveragePooling2D",
    "GlobalAveragePooling2D",
    "GlobalMaxPooling2D",
    "MaxPooling2D",
    "ZeroPadding2D",
]


class _Pooling(Layer):
    pool_size: Pair = (2, 2)
    strides: Pair | None = None
    padding: Literal["valid", "same"] = "valid"

    def steps(self) -> tuple[int, int]:
        """Strides; the pool's own size unless given."""
        return self.strides or self.pool_size

    def output_shape(self, shape: Shape) -> Shape:
        """``(height, width, channel)`` after the windows."""
        height, width, channels = image_shape(self.label, shape)
        size = window_output(
            self.label, (height, width), self.pool_size, self.steps(), self.padding
        )
        return (*size, channels)

    def pads(self, shape: Shape) -> tuple[int, int, int, int]:
        """Border on the left, on the right, at the top and at the bottom."""
        return window_padding((shape[0], shape[1]), self.pool_size, self.steps(), self.padding)


class MaxPooling2D(_Pooling):
    """The largest value of each window. Strides default to the pool size."""

    purpose: ClassVar[str] = "the largest value of each window"

    def module(self, shape: Shape) -> torch.nn.Module:
        """``torch.nn.functional.max_pool2d``, padded with -inf."""
        from paribus.nn import modules

        return modules.MaxPooling(self.pool_size, self.steps(), self.pads(shape))


class AveragePooling2D(_Pooling):
    """The mean of each window; padded pixels do not count (as in Keras)."""

    purpose: ClassVar[str] = "the mean of each window"

    def module(self, shape: Shape) -> torch.nn.Module:
        """``torch.nn.functional.avg_pool2d``."""
        from paribus.nn import modules

        return modules.AveragePooling(self.pool_size, self.steps(), self.pads(shape))


class _GlobalPooling(Layer):
    def output_shape(self, shape: Shape) -> Shape:
        """``(channel,)``."""
        return (image_shape(self.label, shape)[2],)


class GlobalAveragePooling2D(_GlobalPooling):
    """The mean over height and width."""

    purpose: ClassVar[str] = "the mean over height and width"

    def module(self, shape: Shape) -> torch.nn.Module:  # noqa: ARG002
        """A mean, which is deterministic on every device."""
        from paribus.nn import modules

        return modules.GlobalPooling("mean")


class GlobalMaxPooling2D(_GlobalPooling):
    """The largest value over height and width."""

    purpose: ClassVar[str] = "the largest value over height and width"

    def module(self, shape: Shape) -> torch.nn.Module:  # noqa: ARG002
        """A maximum."""
        from paribus.nn import modules

        return modules.GlobalPooling("max")


def _sides(value: object) -> object:
    """Accept n, [vertical, horizontal] or [[top, bottom], [left, right]]."""
    if isinstance(value, int) and not isinstance(value, bool):
        return ((value, value), (value, value))
    if isinstance(value, list | tuple) and len(value) == 2:
        return tuple(
            (side, side)
            if isinstance(side, int)
            else tuple(side)
            if isinstance(side, list)
            else side
            for side in value
        )
    return value


class ZeroPadding2D(Layer):
    """Zeros around the image: n, [vertical, horizontal] or [[top, bottom], [left, right]]."""

    purpose: ClassVar[str] = "zeros around the image"
    padding: Annotated[
        tuple[tuple[Border, Border], tuple[Border, Border]], BeforeValidator(_sides)
    ] = (
        (1, 1),
        (1, 1),
    )

    def output_shape(self, shape: Shape) -> Shape:
        """Height and width grow by the padding."""
        height, width, channels = image_shape(self.label, shape)
        return height + sum(self.padding[0]), width + sum(self.padding[1]), channels

    def module(self, shape: Shape) -> torch.nn.Module:  # noqa: ARG002
        """``torch.nn.functional.pad``."""
        from paribus.nn import modules

        (top, bottom), (left, right) = self.padding
        return modules.ZeroPadding((left, right, top, bottom))
