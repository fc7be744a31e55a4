"""Convolutions, with padding that may differ between the two sides."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from paribus.nn.layers import convolution as layers
from paribus.nn.modules.form import module_of
from paribus.nn.operators.convolution import conv2d, convolve
from paribus.nn.shapes import Pads
from paribus.records import Shape

__all__ = ["Convolution", "SeparableConvolution"]


def _split_pads(pads: Pads) -> tuple[Pads | None, tuple[int, int]]:
    """Return (padding before the convolution or None, padding in it, which is equal on both sides)."""
    left, right, top, bottom = pads
    if left == right and top == bottom:
        return None, (top, left)
    return pads, (0, 0)


class Convolution(nn.Module):
    """conv2d with optional asymmetric padding; ``kernel`` (out, in, h, w), ``bias`` (out,)."""

    kernel: Tensor
    bias: Tensor | None

    def __init__(self, pads: Pads, strides: tuple[int, int], *, groups: int) -> None:
        super().__init__()
        self.pads = pads
        self.before, self.padding = _split_pads(pads)
        self.strides, self.groups = strides, groups
        self.register_parameter("bias", None)

    def forward(self, x: Tensor) -> Tensor:
        """Return the convolution of ``(example, channel, height, width)``."""
        if self.before is not None:
            x = F.pad(x, self.before)
        if self.groups == 1:
            return convolve(x, self.kernel, self.bias, self.strides, self.padding)
        return conv2d(x, self.kernel, self.bias, self.strides, self.padding, groups=self.groups)


class SeparableConvolution(nn.Module):
    """A grouped convolution, then a 1x1 convolution with the bias."""

    depthwise_kernel: Tensor
    pointwise_kernel: Tensor
    bias: Tensor | None

    def __init__(self, pads: Pads, strides: tuple[int, int], *, groups: int) -> None:
        super().__init__()
        self.before, self.padding = _split_pads(pads)
        self.strides, self.groups = strides, groups
        self.register_parameter("bias", None)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve each channel by itself, then mix the channels by a 1x1 convolution."""
        if self.before is not None:
            x = F.pad(x, self.before)
        kernel, strides, padding = self.depthwise_kernel, self.strides, self.padding
        x = conv2d(x, kernel, None, strides, padding, groups=self.groups)
        return conv2d(x, self.pointwise_kernel, self.bias)


@module_of.form(layers.Conv2D)
def _conv2d(layer: layers.Conv2D, shape: Shape) -> nn.Module:
    return Convolution(layer.pads(shape), layer.strides, groups=1)


@module_of.form(layers.DepthwiseConv2D)
def _depthwise_conv2d(layer: layers.DepthwiseConv2D, shape: Shape) -> nn.Module:
    return Convolution(layer.pads(shape), layer.strides, groups=shape[2])


@module_of.form(layers.SeparableConv2D)
def _separable_conv2d(layer: layers.SeparableConv2D, shape: Shape) -> nn.Module:
    return SeparableConvolution(layer.pads(shape), layer.strides, groups=shape[2])
