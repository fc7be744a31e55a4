"""Convolutions: Conv2D, DepthwiseConv2D, SeparableConv2D. Kernels are stored (out, in, height, width)."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from paribus.nn.initializers import Initializer
from paribus.nn.layer import (
    Border,
    Pair,
    Profile,
    Regularizer,
    Units,
    WeightedLayer,
    WeightSpec,
)
from paribus.nn.shapes import Padding, Pads, image_shape, window_output, window_padding
from paribus.records import Shape

__all__ = ["Conv2D", "DepthwiseConv2D", "SeparableConv2D"]


class _Convolution(WeightedLayer):
    family: ClassVar[str] = "convolution"
    kernel_size: Pair
    strides: Pair = (1, 1)
    padding: Literal["valid", "same"] | Border = "valid"

    def _area(self) -> int:
        return self.kernel_size[0] * self.kernel_size[1]

    def _size(self, shape: Shape) -> tuple[int, int]:
        height, width, _ = image_shape(self.label, shape)
        return window_output(
            self.label, (height, width), self.kernel_size, self.strides, self.padding
        )

    def _fans_of_groups(self, filters: int) -> tuple[float, float]:
        """Return PyTorch's fans of a convolution with one group per channel."""
        return float(self._area()), float(self._area() * filters)

    def pads(self, shape: Shape) -> Pads:
        """Return the numbers of zeros on the left, on the right, at the top and at the bottom."""
        padding: Padding = self.padding
        return window_padding((shape[0], shape[1]), self.kernel_size, self.strides, padding)


class Conv2D(_Convolution):
    """A 2-D convolution with an optional activation.

    Source: Keras 3 ``Conv2D``; padding in whole pixels is PyTorch's.
    """

    order: ClassVar[int] = 20
    filters: Units

    def output_shape(self, shape: Shape) -> Shape:
        """Return ``(height, width, filters)`` of the output."""
        return (*self._size(shape), self.filters)

    def weights(self, shape: Shape) -> tuple[WeightSpec, ...]:
        """Return kernel (filters, channel, height, width) and bias (filters,)."""
        channels = image_shape(self.label, shape)[2]
        fans = (float(self._area() * channels), float(self._area() * self.filters))
        kernel = WeightSpec(
            "kernel",
            (self.filters, channels, *self.kernel_size),
            self.kernel_initializer,
            *fans,
            regularizer=self.kernel_regularizer,
        )
        return (kernel, *self.bias_weight(self.filters, *fans))


class DepthwiseConv2D(_Convolution):
    """One convolution per input channel, ``depth_multiplier`` kernels each.

    Source: Keras 3 ``DepthwiseConv2D``; fans as the profile counts them, for PyTorch those of a
    ``Conv2d`` with one group per channel.
    """

    order: ClassVar[int] = 30
    short: ClassVar[str] = "depthwise"
    depth_multiplier: Units = 1

    def output_shape(self, shape: Shape) -> Shape:
        """Return ``(height, width, channel * depth_multiplier)`` of the output."""
        return (*self._size(shape), shape[2] * self.depth_multiplier)

    def weights(self, shape: Shape) -> tuple[WeightSpec, ...]:
        """Return kernel (channel * multiplier, 1, height, width) and bias (channel * multiplier,)."""
        channels = image_shape(self.label, shape)[2]
        out = channels * self.depth_multiplier
        torch_like = self.kernel_initializer == "torch_uniform"
        fan_in = float(self._area() * (1 if torch_like else channels))
        fans = (fan_in, float(self._area() * self.depth_multiplier))
        theirs = self._fans_of_groups(out)
        kernel = WeightSpec(
            "kernel",
            (out, 1, *self.kernel_size),
            self.kernel_initializer,
            *fans,
            regularizer=self.kernel_regularizer,
            torch_fans=theirs,
        )
        return (kernel, *self.bias_weight(out, *fans, torch_fans=theirs))


class SeparableConv2D(_Convolution):
    """A depthwise convolution followed by a 1x1 convolution, with one bias.

    Source: Keras 3 ``SeparableConv2D``; Chollet 2017.
    """

    order: ClassVar[int] = 40
    short: ClassVar[str] = "separable"
    filters: Units
    depth_multiplier: Units = 1
    depthwise_initializer: Initializer | None = None
    pointwise_initializer: Initializer | None = None
    depthwise_regularizer: Regularizer | None = None
    pointwise_regularizer: Regularizer | None = None

    def profile_defaults(self, profile: Profile) -> dict[str, Any]:
        """Return the initializers of both kernels: ``kernel_initializer``, by default that of a convolution."""
        base = super().profile_defaults(profile)
        kernel = self.kernel_initializer or base["kernel_initializer"]
        return {**base, "depthwise_initializer": kernel, "pointwise_initializer": kernel}

    def output_shape(self, shape: Shape) -> Shape:
        """Return ``(height, width, filters)`` of the output."""
        return (*self._size(shape), self.filters)

    def weights(self, shape: Shape) -> tuple[WeightSpec, ...]:
        """Return depthwise kernel, pointwise kernel (filters, channel * multiplier, 1, 1), and bias."""
        channels = image_shape(self.label, shape)[2]
        middle = channels * self.depth_multiplier
        torch_like = self.depthwise_initializer == "torch_uniform"
        depth_in = float(self._area() * (1 if torch_like else channels))
        point = (float(middle), float(self.filters))
        return (
            WeightSpec(
                "depthwise_kernel",
                (middle, 1, *self.kernel_size),
                self.depthwise_initializer,
                depth_in,
                float(self._area() * self.depth_multiplier),
                regularizer=self.depthwise_regularizer or self.kernel_regularizer,
                torch_fans=self._fans_of_groups(middle),
            ),
            WeightSpec(
                "pointwise_kernel",
                (self.filters, middle, 1, 1),
                self.pointwise_initializer,
                *point,
                regularizer=self.pointwise_regularizer or self.kernel_regularizer,
            ),
            *self.bias_weight(self.filters, *point),
        )
