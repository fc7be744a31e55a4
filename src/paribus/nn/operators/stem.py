"""The first convolution of a network, which has few input channels and needs no gradient of its input."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from paribus.nn.native.library import checked, convolution_settings, lanes, loaded
from paribus.nn.operators.memory import (
    channels_last,
    empty_channels_last,
    kernels_for,
)

__all__ = ["MOST_PIXELS", "StemGeometry", "stem_convolution", "stem_supported"]

Pair = tuple[int, int]


@dataclass(frozen=True)
class StemGeometry:
    """Padding and strides of a convolution, and the max pooling and relu after it in the same pass."""

    pads: tuple[int, int, int, int]
    """Numbers of zeros: left, right, top, bottom."""
    strides: Pair
    relu: bool
    pool: Pair | None
    """Window of the max pooling after the convolution, with strides equal to its size; None for no pooling."""


MOST_PIXELS = 255
"""Largest number of pixels of a pooling window. One byte stores the position of the largest pixel;
its highest value, 255, means that relu has set the window to 0."""


def stem_supported(x: Tensor, kernel: Tensor, pool: Pair | None = None) -> bool:
    """Return whether `stem_convolution` accepts these: float32, few channels, a small window, no gradient of x."""
    if pool is not None and pool[0] * pool[1] > MOST_PIXELS:
        return False
    if x.requires_grad or x.dtype != torch.float32 or kernel.dtype != torch.float32:
        return False
    kernels = kernels_for(x)
    _, channels, height, width = kernel.shape
    return kernels is not None and bool(kernels.convolution_supported(height, width * channels))


def stem_convolution(
    x: Tensor, kernel: Tensor, bias: Tensor | None, geometry: StemGeometry
) -> Tensor:
    """Convolution, bias, max pooling and relu of the first layer, row by row in cache.

    Args:
        x: images (n, channel, height, width), float32.
        kernel: (filter, channel, height, width).
        bias: (filter,) or None.
        geometry: padding, strides, pooling and relu.

    Returns:
        (n, filter, height, width); bfloat16 under CPU autocast, float32 otherwise. Sums are float32.
    """
    if any(geometry.pads):
        x = F.pad(x, geometry.pads)
    narrow = torch.is_autocast_enabled("cpu")
    result: Tensor = _Stem.apply(x, kernel, bias, geometry, narrow)  # type: ignore[no-untyped-call]
    return result


def _padded(values: Tensor, filters: int) -> Tensor:
    """Return values whose last axis (filters) is padded with zeros to a multiple of the vector size."""
    return F.pad(values, (0, -filters % lanes())).contiguous()


class _Stem(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        kernel: Tensor,
        bias: Tensor | None,
        geometry: StemGeometry,
        narrow: bool,
    ) -> Tensor:
        x = x.permute(0, 2, 3, 1).contiguous()
        n, height, width, channels = x.shape
        filters, _, *size = kernel.shape
        pool = geometry.pool or (1, 1)
        shape = [
            ((side - k) // step + 1) // window
            for side, k, step, window in zip(
                x.shape[1:3], size, geometry.strides, pool, strict=True
            )
        ]
        dtype = torch.bfloat16 if narrow else torch.float32
        y = empty_channels_last((n, filters, *shape), dtype)
        weights = _padded(kernel.detach().permute(2, 3, 1, 0), filters)
        biases = weights.new_zeros(weights.shape[-1])
        if bias is not None:
            biases[:filters] = bias.detach()
        training = any(ctx.needs_input_grad[1:3])
        index = torch.empty(y.numel(), dtype=torch.uint8) if training and geometry.pool else None
        ctx.settings = convolution_settings(
            *(n, height, width, channels, *size, filters, *geometry.strides),
            *(geometry.pool or (0, 0)),
            int(geometry.relu),
            int(narrow),
        )
        ctx.filters, ctx.has_bias = filters, bias is not None
        checked(loaded().convolution_forward)(
            ctypes.addressof(ctx.settings),
            x.data_ptr(),
            weights.data_ptr(),
            biases.data_ptr(),
            y.data_ptr(),
            _address(index),
        )
        cut = geometry.relu and not geometry.pool
        ctx.save_for_backward(x, y if training and cut else None, index)
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, y, index = ctx.saved_tensors
        gradient = channels_last(gradients[0])
        settings, filters = ctx.settings, ctx.filters
        wide = filters + -filters % lanes()
        kernel = x.new_empty(settings.kernel_height, settings.kernel_width, settings.channels, wide)
        bias = x.new_empty(wide)
        checked(loaded().convolution_backward)(
            ctypes.addressof(settings),
            x.data_ptr(),
            gradient.data_ptr(),
            _address(y),
            _address(index),
            kernel.data_ptr(),
            bias.data_ptr(),
        )
        ours = (
            kernel[..., :filters].permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last)
        )
        return None, ours, bias[:filters].clone() if ctx.has_bias else None, None, None


def _address(tensor: Tensor | None) -> int | None:
    return None if tensor is None else tensor.data_ptr()
