"""Dense and Flatten: from images to units."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, ClassVar

from paribus.errors import Problem
from paribus.nn.layer import Layer, Units, WeightedLayer, WeightSpec
from paribus.nn.shapes import ShapeError
from paribus.records import Shape

if TYPE_CHECKING:
    import torch

__all__ = ["Dense", "Flatten"]


class Dense(WeightedLayer):
    """A fully connected layer with an optional activation.

    Source: Keras 3 ``Dense``, for flat inputs only.
    """

    purpose: ClassVar[str] = "a fully connected layer"
    units: Units

    def output_shape(self, shape: Shape) -> Shape:
        """``(units,)``.

        Raises:
            ShapeError: an image reaches the layer.
        """
        if len(shape) != 1:
            raise ShapeError(
                Problem(
                    where=self.label,
                    rule="must get flat inputs (unit,)",
                    got=str(shape),
                    fix="Put Flatten or a global pooling layer before it.",
                )
            )
        return (self.units,)

    def weights(self, shape: Shape) -> tuple[WeightSpec, ...]:
        """Kernel (units, inputs) and bias (units,)."""
        fans = (float(shape[0]), float(self.units))
        kernel = WeightSpec(
            "kernel",
            (self.units, shape[0]),
            self.kernel_initializer or "glorot_uniform",
            *fans,
            regularizer=self.kernel_regularizer,
        )
        return (kernel, *self.bias_weight(self.units, *fans))

    def module(self, shape: Shape) -> torch.nn.Module:  # noqa: ARG002
        """A matrix product."""
        from paribus.nn import modules

        return modules.Product()


class Flatten(Layer):
    """Turn an image into a row, in Keras's order: height, width, channel."""

    purpose: ClassVar[str] = "images to rows, in the order height, width, channel"

    def output_shape(self, shape: Shape) -> Shape:
        """``(height * width * channel,)``."""
        return (prod(shape),)

    def module(self, shape: Shape) -> torch.nn.Module:  # noqa: ARG002
        """A view where the memory is channels_last."""
        from paribus.nn import modules

        return modules.Flatten()
