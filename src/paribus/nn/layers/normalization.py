"""Normalisation: BatchNormalization, LayerNormalization, GroupNormalization."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from paribus.errors import Problem
from paribus.nn.layer import Layer, Profile, WeightSpec
from paribus.nn.shapes import ShapeError
from paribus.records import Shape

__all__ = ["BatchNormalization", "GroupNormalization", "LayerNormalization"]

Epsilon = Annotated[float, Field(gt=0, lt=1)]


class _Normalization(Layer):
    family: ClassVar[str] = "normalization"
    epsilon: Epsilon | None = None
    center: bool = True
    scale: bool = True

    def profile_defaults(self, profile: Profile) -> dict[str, Any]:
        """Return epsilon, which is added to the variance: 1e-3 in Keras, 1e-5 in torch."""
        return {"epsilon": 1e-3 if profile == "keras" else 1e-5}

    def _affine(self, units: int) -> tuple[WeightSpec, ...]:
        gamma = (WeightSpec("gamma", (units,), "ones"),) if self.scale else ()
        beta = (WeightSpec("beta", (units,), "zeros"),) if self.center else ()
        return (*gamma, *beta)

    def weights(self, shape: Shape) -> tuple[WeightSpec, ...]:
        """Return gamma and beta, each (channel,) or (unit,)."""
        return self._affine(shape[-1])


class BatchNormalization(_Normalization):
    """Standardise each channel by the batch, and by running statistics at evaluation.

    ``momentum`` is the share of the old running value that is kept (Keras's meaning, in both
    profiles: torch's ``momentum=0.1`` is 0.9 here). ``unbiased`` says whether the running variance
    is the sample variance (torch) or the batch's own (Keras).

    Source: Ioffe & Szegedy 2015; Keras 3 and torch defaults.
    """

    order: ClassVar[int] = 130
    batch_statistics: ClassVar[bool] = True
    momentum: Annotated[float, Field(ge=0, le=1)] | None = None
    unbiased: bool | None = None

    def profile_defaults(self, profile: Profile) -> dict[str, Any]:
        """Return momentum and epsilon: 0.99 and 1e-3 in Keras; 0.9 (torch's 0.1) and 1e-5 in torch."""
        return {
            **super().profile_defaults(profile),
            "momentum": 0.99 if profile == "keras" else 0.9,
            "unbiased": profile == "torch",
        }

    def weights(self, shape: Shape) -> tuple[WeightSpec, ...]:
        """Return gamma, beta, and the moving mean and variance, which are not trained."""
        units = shape[-1]
        return (
            *self._affine(units),
            WeightSpec("moving_mean", (units,), "zeros", trainable=False),
            WeightSpec("moving_variance", (units,), "ones", trainable=False),
        )


class LayerNormalization(_Normalization):
    """Standardise each example over its channels (Keras's axis -1).

    Source: Ba et al. 2016; Keras 3 ``LayerNormalization``.
    """

    order: ClassVar[int] = 140


class GroupNormalization(_Normalization):
    """Standardise each example over groups of channels and all positions.

    Source: Wu & He 2018; Keras 3 ``GroupNormalization`` (groups default to 32).
    """

    order: ClassVar[int] = 150
    groups: int = 32

    def output_shape(self, shape: Shape) -> Shape:
        """Return the shape of the input.

        Raises:
            ShapeError: the number of channels is not a multiple of the number of groups.
        """
        if self.groups < 1 or shape[-1] % self.groups:
            raise ShapeError(
                Problem(
                    where=self.label,
                    rule=f"groups must divide the {shape[-1]} channels that reach it",
                    got=str(self.groups),
                    fix="Choose a divisor.",
                )
            )
        return shape
