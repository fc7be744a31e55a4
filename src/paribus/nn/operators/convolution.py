"""Convolutions and their gradients, by Winograd's algorithm, our C kernels or oneDNN, whichever is fastest."""

from __future__ import annotations

import ctypes
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from paribus.nn.native.library import checked, gradient_settings, lanes, loaded
from paribus.nn.operators.memory import channels_last, kernels_for, usual_steps
from paribus.nn.operators.winograd import (
    winograd_convolution,
    winograd_kernel_gradient,
    winograd_pays,
)

__all__ = ["conv2d", "convolve"]

Pair = tuple[int, int]
_MANY_PIXELS, _FEW_CHANNELS = 400, 64
"""With AVX-512, our kernel gradient is faster than oneDNN's from this number of output pixels, and up to
this number of input channels."""
_AVX2 = 8
"""Number of float32 values in an AVX2 register. With AVX2, our kernel gradient was measured to be faster
for all shapes in the labs."""


def conv2d(
    x: Tensor,
    kernel: Tensor,
    bias: Tensor | None,
    strides: Pair = (1, 1),
    padding: Pair = (0, 0),
    *,
    groups: int = 1,
) -> Tensor:
    """``torch.nn.functional.conv2d``, with workarounds for errors of PyTorch 2.13 on a CPU.

    `_seen` and `usual_steps` describe the errors. Shapes are those of `convolve`.
    """
    if x.device.type != "cpu":
        return F.conv2d(x, kernel, bias, strides, padding, groups=groups)
    x, strides, padding = _seen(x, kernel, strides, padding)
    y = F.conv2d(usual_steps(x), kernel, bias, strides, padding, groups=groups)
    if len(y) == 1 and y.requires_grad:
        y.register_hook(usual_steps)  # type: ignore[no-untyped-call]
    return y


def _seen(x: Tensor, kernel: Tensor, strides: Pair, padding: Pair) -> tuple[Tensor, Pair, Pair]:
    """Return images, strides and padding of an equivalent convolution that PyTorch computes correctly.

    PyTorch's strided 1 x 1 convolutions with few channels write beyond their memory; its outputs one pixel
    wide are wrong for images of one channel with strides (1, s), s > 1. In both cases the pixels that the
    kernel reads are selected first, and convolved with strides (1, 1) and no padding.
    """
    height, width = kernel.shape[2:]
    columns = (x.shape[3] + 2 * padding[1] - width) // strides[1] + 1
    tiny = (height, width) == (1, 1) and strides != (1, 1)
    narrow = x.shape[1] == columns == strides[0] == 1 < strides[1]
    if not tiny and not narrow:
        return x, strides, padding
    if any(padding):
        x = F.pad(x, (padding[1], padding[1], padding[0], padding[0]))
    if tiny:
        return channels_last(x[:, :, :: strides[0], :: strides[1]]), (1, 1), (0, 0)
    return channels_last(x[:, :, :, :width]), (1, 1), (0, 0)


def convolve(
    x: Tensor, kernel: Tensor, bias: Tensor | None, strides: Pair, padding: Pair
) -> Tensor:
    """2-D convolution; the same function as ``torch.nn.functional.conv2d``.

    The bias gradient is computed separately, because oneDNN's float32 kernel gradient is a fifth slower
    together with it.

    Args:
        x: images (n, channel, height, width).
        kernel: (filter, channel, height, width).
        bias: (filter,) or None.
        strides: (height, width).
        padding: number of zeros on both sides (height, width).

    Returns:
        (n, filter, output height, output width).
    """
    if x.device.type == "cpu":
        x, strides, padding = _seen(x, kernel, strides, padding)
        x = usual_steps(x)
    plain = x.dtype == kernel.dtype == torch.float32 and not torch.is_autocast_enabled("cpu")
    first = torch.is_grad_enabled() and not x.requires_grad
    if not plain or kernels_for(x) is None or first:
        return conv2d(x, kernel, bias, strides, padding)
    result: Tensor = _Convolution.apply(x, kernel, bias, strides, padding)  # type: ignore[no-untyped-call]
    return result


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, kernel: Tensor, bias: Tensor | None, strides: Pair, padding: Pair
    ) -> Tensor:
        ctx.save_for_backward(x, kernel)
        ctx.strides, ctx.padding, ctx.has_bias = strides, padding, bias is not None
        output = _output_size(x, kernel, padding)
        if winograd_pays(kernel.shape, output, strides):
            return winograd_convolution(x, kernel, bias, padding, output)
        return F.conv2d(x, kernel, bias, strides, padding)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, kernel = ctx.saved_tensors
        strides, padding = ctx.strides, ctx.padding
        gradient = usual_steps(channels_last(gradients[0]))
        bias = gradient.sum((0, 2, 3)) if ctx.has_bias else None
        for_x = for_kernel = None
        turned = kernel.transpose(0, 1)
        output = (gradient.shape[2], gradient.shape[3])
        if winograd_pays(kernel.shape, output, strides):
            for_kernel = winograd_kernel_gradient(x, gradient, kernel.shape[2], padding)
        elif _own_way(x, gradient):
            for_kernel = _kernel_gradient(x, gradient, kernel, strides, padding)
        wanted = ctx.needs_input_grad[0]
        if wanted and winograd_pays(turned.shape, x.shape[2:], strides):
            outside = tuple(k - 1 - p for k, p in zip(kernel.shape[2:], padding, strict=True))
            for_x = winograd_convolution(
                gradient, turned.flip(2, 3), None, outside, tuple(x.shape[2:])
            )
        asked = (wanted and for_x is None, for_kernel is None, False)
        if any(asked):
            theirs = torch.ops.aten.convolution_backward(
                *(gradient, x, kernel, None, strides, padding, (1, 1), False, (0, 0), 1, asked)
            )
            for_x = theirs[0] if asked[0] else for_x
            for_kernel = theirs[1] if asked[1] else for_kernel
        return for_x, for_kernel, bias, None, None


def _output_size(x: Tensor, kernel: Tensor, padding: Pair) -> Pair:
    """Return height and width of the output with strides (1, 1)."""
    height, width = (
        side + 2 * pad - k + 1
        for side, k, pad in zip(x.shape[2:], kernel.shape[2:], padding, strict=True)
    )
    return height, width


def _own_way(x: Tensor, gradient: Tensor) -> bool:
    """Return whether our C kernel computes the kernel gradient, by shapes and vector size, never by timing."""
    if gradient.shape[1] % lanes():
        return False
    if lanes() == _AVX2:
        return True
    pixels = gradient.shape[2] * gradient.shape[3]
    return x.shape[1] <= _FEW_CHANNELS and pixels >= _MANY_PIXELS


def _kernel_gradient(
    x: Tensor, gradient: Tensor, kernel: Tensor, strides: Pair, padding: Pair
) -> Tensor:
    x = channels_last(x)
    n, channels, height, width = x.shape
    filters, _, *size = kernel.shape
    settings = gradient_settings(
        *(n, height, width, channels, filters, *size, *strides, *padding, *gradient.shape[2:])
    )
    result = x.new_empty(*size, channels, filters)
    checked(loaded().weight_gradient)(
        ctypes.addressof(settings), x.data_ptr(), gradient.data_ptr(), result.data_ptr()
    )
    return result.permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last)
