"""Convolutions of all members of a group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from paribus.nn.layer import Layer
from paribus.nn.layers import convolution as layers
from paribus.nn.operators.convolution import conv2d
from paribus.nn.stacked.form import (
    ConvolutionWay,
    StackedModule,
    channels_to_members,
    members_to_channels,
    stacked_of,
)

__all__ = ["StackedConvolution"]

FEW_KERNELS = 256
"""Largest product of input channels and filters for which all members share one grouped convolution. On a
GPU it is then nearly always faster than one convolution per member (`benchmarks.stacked_convolutions`)."""


class StackedConvolution(StackedModule):
    """The convolutions of all members, by one of three algorithms; a separable one in two steps."""

    def __init__(self, members: Sequence[Any], way: ConvolutionWay, *, separable: bool) -> None:
        super().__init__(members)
        first, self.separable = members[0], separable
        self.before, self.padding = first.before, first.padding
        self.strides, self.groups, self.way = first.strides, first.groups, way
        if way == "by shape" and not self.separable:
            filters, channels = self.tensor("kernel").shape[1:3]
            self.way = "grouped" if filters * channels <= FEW_KERNELS else "each"

    def forward(self, x: Tensor) -> Tensor:
        """Convolve each member's images ``(member * n, channel, height, width)`` with its own kernel."""
        if self.before is not None:
            x = F.pad(x, self.before)
        if self.separable:
            x = self._grouped(x, "depthwise_kernel", None)
            return self._products(x, "pointwise_kernel", (1, 1), (0, 0))
        if self.groups > 1 or self.way == "grouped":
            return self._grouped(x, "kernel", "bias")
        if self.way == "each":
            return self._each(x)
        return self._products(x, "kernel", self.strides, self.padding)

    def _grouped(self, x: Tensor, kernel: str, bias: str | None) -> Tensor:
        weight, shift = self.tensor(kernel), self.optional(bias) if bias else None
        y = conv2d(
            members_to_channels(x, self.num_members),
            weight.flatten(0, 1),
            None if shift is None else shift.flatten(),
            self.strides,
            self.padding,
            groups=self.num_members * self.groups,
        )
        return channels_to_members(y, self.num_members)

    def _each(self, x: Tensor) -> Tensor:
        kernels, bias = self.tensor("kernel"), self.optional("bias")
        parts = [
            conv2d(part, kernels[i], None if bias is None else bias[i], self.strides, self.padding)
            for i, part in enumerate(x.chunk(self.num_members))
        ]
        return torch.cat(parts)

    def _products(
        self, x: Tensor, kernel: str, strides: tuple[int, int], padding: tuple[int, int]
    ) -> Tensor:
        weight = self.tensor(kernel)
        filters, height, width = weight.shape[1], weight.shape[3], weight.shape[4]
        if any(padding):
            x = F.pad(x, (padding[1], padding[1], padding[0], padding[0]))
        patches: Tensor = _Patches.apply(x, (height, width), strides)  # type: ignore[no-untyped-call]
        out = patches.shape[1:3]
        rows = patches.reshape(self.num_members, -1, patches.shape[3])
        columns = weight.permute(0, 3, 4, 2, 1).reshape(self.num_members, -1, filters)
        bias = self.optional("bias")
        y = (
            torch.bmm(rows, columns)
            if bias is None
            else torch.baddbmm(bias[:, None], rows, columns)
        )
        return y.view(-1, *out, filters).permute(0, 3, 1, 2)


class _Patches(torch.autograd.Function):
    """Patches of channels_last images: (b, c, h, w) -> (b, rows, columns, height * width * c)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, size: tuple[int, int], strides: tuple[int, int]) -> Tensor:
        ctx.shape, ctx.size, ctx.strides = x.shape, size, strides
        windows = (
            x.permute(0, 2, 3, 1).unfold(1, size[0], strides[0]).unfold(2, size[1], strides[1])
        )
        rows, columns = windows.shape[1:3]
        return windows.permute(0, 1, 2, 4, 5, 3).reshape(x.shape[0], rows, columns, -1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, None, None]:
        if not ctx.needs_input_grad[0]:
            return None, None, None
        batch, channels, height, width = ctx.shape
        rows, columns = gradients[0].shape[1:3]
        parts = gradients[0].reshape(batch, rows, columns, *ctx.size, channels)
        total = gradients[0].new_zeros(batch, height, width, channels)
        down, right = ctx.strides
        for i in range(ctx.size[0]):
            for j in range(ctx.size[1]):
                place = total[:, i : i + down * rows : down, j : j + right * columns : right]
                place += parts[:, :, :, i, j]
        return total.permute(0, 3, 1, 2), None, None


@stacked_of.form(layers.Conv2D, layers.DepthwiseConv2D)
def _convolution(layer: Layer, members: Sequence[Any], way: ConvolutionWay) -> nn.Module:
    return StackedConvolution(members, way, separable=False)


@stacked_of.form(layers.SeparableConv2D)
def _separable_conv2d(layer: Layer, members: Sequence[Any], way: ConvolutionWay) -> nn.Module:
    return StackedConvolution(members, way, separable=True)
