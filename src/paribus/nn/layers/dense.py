"""Dense: every unit sees every input."""

from __future__ import annotations

from typing import ClassVar

from paribus.errors import Problem
from paribus.nn.layer import Units, WeightedLayer, WeightSpec
from paribus.nn.shapes import ShapeError
from paribus.records import Shape

__all__ = ["Dense"]


class Dense(WeightedLayer):
    """A fully connected layer with an optional activation.

    Source: Keras 3 ``Dense``, for flat inputs only.
    """

    family: ClassVar[str] = "dense"
    order: ClassVar[int] = 50
    units: Units

    def output_shape(self, shape: Shape) -> Shape:
        """Return ``(units,)``.

        Raises:
            ShapeError: the input is an image; a layer Flatten is missing.
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
        """Return kernel (units, inputs) and bias (units,)."""
        fans = (float(shape[0]), float(self.units))
        kernel = WeightSpec(
            "kernel",
            (self.units, shape[0]),
            self.kernel_initializer,
            *fans,
            regularizer=self.kernel_regularizer,
        )
        return (kernel, *self.bias_weight(self.units, *fans))
