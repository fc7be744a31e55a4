"""Max pooling with relu in the same pass over memory."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from paribus.nn.native.library import loaded
from paribus.nn.operators.memory import (
    KERNEL_TYPES,
    channels_last,
    empty_channels_last,
    kernels_for,
)

__all__ = ["max_pool"]

Pair = tuple[int, int]
_DEAD = 255


def max_pool(x: Tensor, size: Pair, strides: Pair, *, relu: bool = False) -> Tensor:
    """Max pooling without padding, then relu if ``relu``; bit-identical to PyTorch's two operators.

    Args:
        x: images (n, channel, height, width).
        size: size of the window (height, width).
        strides: strides of the window (height, width).
        relu: whether to replace negative results by 0.

    Returns:
        (n, channel, output height, output width).
    """
    kernels = kernels_for(x)
    if kernels is None or size[0] * size[1] >= _DEAD or x.numel() == 0:
        y = F.max_pool2d(x, size, strides)
        return F.relu(y, inplace=True) if relu else y
    result: Tensor = _MaxPool.apply(x, size, strides, relu)  # type: ignore[no-untyped-call]
    return result


class _MaxPool(torch.autograd.Function):
    """Max pooling by a C kernel.

    One byte per output stores the position of the maximum in its window; 255 means that relu has set the
    output to 0.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, size: Pair, strides: Pair, relu: bool) -> Tensor:
        x = channels_last(x)
        n, channels, height, width = x.shape
        rows, columns = (
            (side - k) // s + 1 for side, k, s in zip((height, width), size, strides, strict=True)
        )
        y = empty_channels_last((n, channels, rows, columns), x.dtype)
        index = torch.empty(y.numel(), dtype=torch.uint8) if ctx.needs_input_grad[0] else None
        ctx.geometry = (n, height, width, channels, *size, *strides)
        ctx.kernel = KERNEL_TYPES[x.dtype]
        getattr(loaded(), f"pool_forward_{ctx.kernel}")(
            x.data_ptr(),
            y.data_ptr(),
            index.data_ptr() if index is not None else None,
            *ctx.geometry,
            int(relu),
        )
        ctx.save_for_backward(index)
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        (index,) = ctx.saved_tensors
        gradient = channels_last(gradients[0])
        n, height, width, channels = ctx.geometry[:4]
        result = empty_channels_last((n, channels, height, width), gradient.dtype)
        getattr(loaded(), f"pool_backward_{ctx.kernel}")(
            gradient.data_ptr(), index.data_ptr(), result.data_ptr(), *ctx.geometry
        )
        return result, None, None, None
