"""Layers that compute nothing: Input checks, Flatten reorders, ZeroPadding2D adds a border."""

from __future__ import annotations

from math import prod
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field

from paribus.errors import Problem
from paribus.nn.layer import Border, Layer
from paribus.nn.shapes import ShapeError, image_shape
from paribus.records import Shape

__all__ = ["Flatten", "Input", "ZeroPadding2D"]


def _tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


class Input(Layer):
    """States the expected input shape (height, width, channel), which is then checked."""

    family: ClassVar[str] = "reshaping"
    order: ClassVar[int] = 10
    passes_on: ClassVar[bool] = True
    shape: Annotated[
        tuple[Annotated[int, Field(gt=0)], ...],
        BeforeValidator(_tuple),
        Field(min_length=1, max_length=3),
    ]

    def output_shape(self, shape: Shape) -> Shape:
        """Return the shape of the input.

        Raises:
            ShapeError: the input has another shape than the layer states.
        """
        if self.shape != shape:
            raise ShapeError(
                Problem(
                    where=self.label,
                    rule=f"must be the shape of the data, {list(shape)}",
                    got=str(list(self.shape)),
                    fix="Change it, or leave Input out.",
                )
            )
        return shape


class Flatten(Layer):
    """Turn an image into a row, in Keras's order: height, width, channel."""

    family: ClassVar[str] = "reshaping"
    order: ClassVar[int] = 100
    passes_on: ClassVar[bool] = True

    def output_shape(self, shape: Shape) -> Shape:
        """Return ``(height * width * channel,)``."""
        return (prod(shape),)


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

    family: ClassVar[str] = "reshaping"
    order: ClassVar[int] = 200
    padding: Annotated[
        tuple[tuple[Border, Border], tuple[Border, Border]], BeforeValidator(_sides)
    ] = (
        (1, 1),
        (1, 1),
    )

    def output_shape(self, shape: Shape) -> Shape:
        """Return the shape with height and width increased by the padding."""
        height, width, channels = image_shape(self.label, shape)
        return height + sum(self.padding[0]), width + sum(self.padding[1]), channels
