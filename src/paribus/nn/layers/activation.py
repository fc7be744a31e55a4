"""Layers without weights: Input, Activation, ReLU, LeakyReLU, Rescaling and both dropouts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field

from paribus.errors import Problem
from paribus.nn.layer import Activated, Fraction, Layer, Profile
from paribus.nn.layer import Activation as ActivationName
from paribus.nn.shapes import ShapeError, image_shape
from paribus.records import Shape

if TYPE_CHECKING:
    import torch

__all__ = [
    "Activation",
    "Dropout",
    "Input",
    "LeakyReLU",
    "ReLU",
    "Rescaling",
    "SpatialDropout2D",
]


def _tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


class Input(Layer):
    """States the expected input shape (height, width, channel), which is then checked."""

    purpose: ClassVar[str] = "states the input shape, which is then checked"
    shape: Annotated[
        tuple[Annotated[int, Field(gt=0)], ...],
        BeforeValidator(_tuple),
        Field(min_length=1, max_length=3),
    ]

    def output_shape(self, shape: Shape) -> Shape:
        """Unchanged.

        Raises:
            ShapeError: the data have another shape.
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

    def module(self, shape: Shape) -> torch.nn.Module:  # noqa: ARG002
        """Nothing."""
        from torch import nn

        return nn.Identity()


class Activation(Activated):
    """An activation as a layer of its own."""

    purpose: ClassVar[str] = "an activation as a layer of its own"
    activation: ActivationName

    def module(self, shape: Shape) -> torch.nn.Module:  # noqa: ARG002
        """The activation."""
        from paribus.nn import modules

        return modules.Activation(self.activation, slope=self.slope)


class ReLU(Layer):
    """max(x, 0)."""

    purpose: ClassVar[str] = "max(x, 0)"

    def module(self, shape: Shape) -> torch.nn.Module:  # noqa: ARG002
        """The activation."""
        from paribus.nn import modules

        return modules.Activation("relu")


class LeakyReLU(Layer):
    """x where positive, negative_slope * x elsewhere: 0.3 in Keras, 0.01 in torch."""

    purpose: ClassVar[str] = "x where positive, a small slope elsewhere"
    negative_slope: Annotated[float, Field(ge=0)] | None = None

    def profile_defaults(self, profile: Profile) -> dict[str, Any]:
        """The slope."""
        return {"negative_slope": 0.3 if profile == "keras" else 0.01}

    def module(self, shape: Shape) -> torch.nn.Module:  # noqa: ARG002
        """The activation."""
        from torch import nn

        return nn.LeakyReLU(0.3 if self.negative_slope is None else self.negative_slope)


def _not_zero(value: float) -> float:
    if value == 0:
        raise ValueError("must not be 0, which makes all images equal")
    return value


class Rescaling(Layer):
    """x * scale + offset.

    Source: Keras 3 ``Rescaling``.
    """

    purpose: ClassVar[str] = "x * scale + offset"
    scale: Annotated[float, Field(allow_inf_nan=False), AfterValidator(_not_zero)]
    offset: Annotated[float, Field(allow_inf_nan=False)] = 0.0

    def module(self, shape: Shape) -> torch.nn.Module:  # noqa: ARG002
        """One product."""
        from paribus.nn import modules

        return modules.Rescale(self.scale, self.offset)


class Dropout(Layer):
    """Set a share of the numbers to zero in training, and scale the rest up.

    Source: Srivastava et al. 2014; the masks are keyed by (seed, layer name, epoch).
    """

    purpose: ClassVar[str] = "zero a share of the numbers in training"
    rate: Fraction

    def module(self, shape: Shape) -> torch.nn.Module:  # noqa: ARG002
        """Keyed dropout."""
        from paribus.nn import modules

        return modules.Dropout(self.rate, spatial=False)


class SpatialDropout2D(Layer):
    """Set whole channels to zero in training.

    Source: Tompson et al. 2015; Keras 3 ``SpatialDropout2D``.
    """

    purpose: ClassVar[str] = "zero a share of the channels in training"
    rate: Fraction

    def output_shape(self, shape: Shape) -> Shape:
        """Unchanged."""
        return image_shape(self.label, shape)

    def module(self, shape: Shape) -> torch.nn.Module:  # noqa: ARG002
        """Keyed dropout of channels."""
        from paribus.nn import modules

        return modules.Dropout(self.rate, spatial=True)
