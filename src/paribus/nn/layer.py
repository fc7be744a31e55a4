"""Base classes of layer specifications, which are frozen and compute shapes and weights.

A layer's class is the only place that describes it; what it computes is registered by this class
(`paribus.nn.registry.Forms`). Fields are Keras's. A field that is None takes the constant of the
model's profile (``keras`` or ``torch``) when the model is resolved. Free of torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from paribus.nn.initializers import Initializer
from paribus.records import Shape

__all__ = [
    "ACTIVATIONS",
    "KERAS_SLOPE",
    "Activated",
    "Activation",
    "Border",
    "Fraction",
    "Layer",
    "Pair",
    "Positive",
    "Profile",
    "Regularizer",
    "Times",
    "Units",
    "WeightSpec",
]

Profile = Literal["keras", "torch"]
Activation = Literal[
    "linear", "relu", "sigmoid", "tanh", "softmax", "gelu", "silu", "elu", "leaky_relu", "softplus"
]
ACTIVATIONS: tuple[str, ...] = Activation.__args__  # type: ignore[attr-defined]


def _pair(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return (value, value)
    return tuple(value) if isinstance(value, list) else value


MOST_UNITS = 1_000_000
MOST_PIXELS = 10_000
"""Largest side of a window, a stride or a border, in pixels; more than any image has."""
MOST_TIMES = 1_000
MOST_PENALTY = 1e30
"""Largest penalty factor, so that penalties do not overflow float32."""

Units = Annotated[int, Field(gt=0, le=MOST_UNITS)]
"""Number of units, of filters, or of filters per channel."""
Positive = Annotated[int, Field(gt=0, le=MOST_PIXELS)]
Border = Annotated[int, Field(ge=0, le=MOST_PIXELS)]
Times = Annotated[int, Field(gt=0, le=MOST_TIMES)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
Pair = Annotated[tuple[Positive, Positive], BeforeValidator(_pair)]
"""A whole number, or [height, width]."""


class Regularizer(BaseModel):
    """Penalty on a weight that is added to the training loss: l1 * sum|w| + l2 * sum(w^2)."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    l1: Annotated[float, Field(ge=0, le=MOST_PENALTY)] = 0.0
    l2: Annotated[float, Field(ge=0, le=MOST_PENALTY)] = 0.0


@dataclass(frozen=True)
class WeightSpec:
    """One weight tensor of a layer, in torch's layout (outputs first)."""

    name: str
    shape: tuple[int, ...]
    initializer: str | dict[str, Any] | None
    """Name or settings of the initializer; None if it depends on the profile and is not resolved."""
    fan_in: float = 1.0
    fan_out: float = 1.0
    trainable: bool = True
    regularizer: Regularizer | None = None
    torch_fans: tuple[float, float] | None = None
    """(fan in, fan out) in PyTorch, if it counts them differently from Keras."""

    def fans(self, profile: Profile) -> tuple[float, float]:
        """Return (fan in, fan out) in the definition of a profile."""
        if profile == "torch" and self.torch_fans is not None:
            return self.torch_fans
        return self.fan_in, self.fan_out


class Layer(BaseModel):
    """Base of all layers. Subclasses that a study file can name are final."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    family: ClassVar[str]
    """Name of the modules that define the layer and its forms; it decides the colour in diagrams."""
    order: ClassVar[int] = 1000
    """Position in lists of layers, in ascending order."""
    short: ClassVar[str] = ""
    """Short label that distinguishes the layer from others of its family in narrow tables."""
    passes_on: ClassVar[bool] = False
    """Whether in evaluation mode the outputs are the inputs, unchanged or flattened."""
    batch_statistics: ClassVar[bool] = False
    """Whether it uses statistics of the batch in training, and moving statistics in evaluation."""
    written_out: ClassVar[bool] = False
    """Whether resolving a model replaces it by other layers, so that it needs no form."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_\-]*$", max_length=100)] | None = None

    @property
    def kind(self) -> str:
        """The name that a study file uses, for example ``Conv2D``."""
        return type(self).__name__

    @property
    def label(self) -> str:
        """Name and kind, for messages."""
        return f"{self.name} ({self.kind})" if self.name else self.kind

    def profile_defaults(self, profile: Profile) -> dict[str, Any]:  # noqa: ARG002
        """Return the constants of a profile for fields that are None."""
        return {}

    def resolved(self, profile: Profile) -> Self:
        """Return a copy in which every profile-dependent field has its constant."""
        missing = {
            field: value
            for field, value in self.profile_defaults(profile).items()
            if getattr(self, field) is None
        }
        return self.model_copy(update=missing)

    def constant(self, field: str) -> Any:
        """Return a field of a resolved layer that depends on the profile.

        Raises:
            RuntimeError: the layer has not been resolved, so that the constant is not given.
        """
        value = getattr(self, field)
        if value is None:
            raise RuntimeError(f"{self.label}: {field} is not resolved; take ModelSpec.resolved()")
        return value

    def output_shape(self, shape: Shape) -> Shape:
        """Return the shape after the layer.

        Raises:
            ShapeError: the layer cannot take ``shape``.
        """
        return shape

    def weights(self, shape: Shape) -> tuple[WeightSpec, ...]:  # noqa: ARG002
        """Return specifications of the layer's weights for inputs of ``shape``."""
        return ()

    def paths(self) -> tuple[tuple[Layer, ...], ...]:
        """Return the chains of layers inside a container; the first layer of each gets its input."""
        return ()

    def children(self) -> tuple[Layer, ...]:
        """Return the layers inside a container."""
        return tuple(layer for path in self.paths() for layer in path)


KERAS_SLOPE = 0.2
"""Default slope of ``leaky_relu`` for negative inputs in Keras's profile."""


class Activated(Layer):
    """A layer with an activation."""

    activation: Activation = "linear"
    negative_slope: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    """Slope of ``leaky_relu`` for negative inputs; by default 0.2 in the profile keras, 0.01 in torch."""

    @model_validator(mode="after")
    def _slope_of_leaky_relu(self) -> Self:
        if self.negative_slope is not None and self.activation != "leaky_relu":
            raise ValueError("negative_slope must be left out unless activation is leaky_relu")
        return self

    @property
    def slope(self) -> float:
        """Slope of ``leaky_relu`` for negative inputs."""
        return KERAS_SLOPE if self.negative_slope is None else self.negative_slope

    def profile_defaults(self, profile: Profile) -> dict[str, Any]:
        """Return the slope of ``leaky_relu`` if it is the activation."""
        if self.activation != "leaky_relu":
            return {}
        return {"negative_slope": KERAS_SLOPE if profile == "keras" else 0.01}


class WeightedLayer(Activated):
    """A layer with a kernel and a bias, and the fields they share."""

    use_bias: bool = True
    kernel_initializer: Initializer | None = None
    bias_initializer: Initializer | None = None
    kernel_regularizer: Regularizer | None = None
    bias_regularizer: Regularizer | None = None

    def profile_defaults(self, profile: Profile) -> dict[str, Any]:
        """Return the initializers: Glorot and zeros in Keras, uniform within 1/sqrt(fan_in) in torch."""
        kernel, bias = (
            ("glorot_uniform", "zeros")
            if profile == "keras"
            else ("torch_uniform", "torch_uniform")
        )
        slope = super().profile_defaults(profile)
        return {**slope, "kernel_initializer": kernel, "bias_initializer": bias}

    def bias_weight(
        self,
        units: int,
        fan_in: float,
        fan_out: float,
        *,
        torch_fans: tuple[float, float] | None = None,
    ) -> tuple[WeightSpec, ...]:
        """Return the bias if the layer has one, with the kernel's fans, by which torch scales it."""
        if not self.use_bias:
            return ()
        return (
            WeightSpec(
                "bias",
                (units,),
                self.bias_initializer,
                fan_in,
                fan_out,
                regularizer=self.bias_regularizer,
                torch_fans=torch_fans,
            ),
        )
