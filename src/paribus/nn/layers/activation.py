"""Functions of each number by itself: Activation, ReLU, LeakyReLU, Rescaling."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field

from paribus.nn.layer import Activated, Layer, Profile
from paribus.nn.layer import Activation as ActivationName

__all__ = ["Activation", "LeakyReLU", "ReLU", "Rescaling"]


class Activation(Activated):
    """An activation as a layer of its own."""

    family: ClassVar[str] = "activation"
    order: ClassVar[int] = 160
    activation: ActivationName


class ReLU(Layer):
    """Rectifier: max(x, 0), element by element."""

    family: ClassVar[str] = "activation"
    order: ClassVar[int] = 170


class LeakyReLU(Layer):
    """x where positive, negative_slope * x elsewhere: 0.3 in Keras, 0.01 in torch."""

    family: ClassVar[str] = "activation"
    order: ClassVar[int] = 180
    negative_slope: Annotated[float, Field(ge=0)] | None = None

    def profile_defaults(self, profile: Profile) -> dict[str, Any]:
        """Return the slope of ``leaky_relu`` in the profile."""
        return {"negative_slope": 0.3 if profile == "keras" else 0.01}


def _not_zero(value: float) -> float:
    if value == 0:
        raise ValueError("must not be 0, which makes all images equal")
    return value


class Rescaling(Layer):
    """x * scale + offset.

    Source: Keras 3 ``Rescaling``.
    """

    family: ClassVar[str] = "activation"
    order: ClassVar[int] = 190
    scale: Annotated[float, Field(allow_inf_nan=False), AfterValidator(_not_zero)]
    offset: Annotated[float, Field(allow_inf_nan=False)] = 0.0
