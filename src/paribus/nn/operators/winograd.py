"""Convolutions of stride 1 with kernels of 3 x 3 or 5 x 5, by Winograd's minimal filtering.

Each tile of 6 x 6 or 8 x 8 inputs gives 4 x 4 outputs, with a quarter or a sixth of the multiplications of
the direct sum (Lavin & Gray 2015, arXiv 1509.09308). Results differ from the direct sum by rounding only. The
interpolation points are those of Barabasz et al. 2018 (arXiv 1803.10986), with which the error is a few times
that of direct sums.
"""

from __future__ import annotations

import ctypes
import math
from functools import cache

import torch
from torch import Tensor

from paribus.nn.native.library import (
    checked,
    lanes,
    loaded,
    winograd_block,
    winograd_settings,
)
from paribus.nn.operators.memory import channels_last, empty_channels_last

__all__ = ["winograd_convolution", "winograd_kernel_gradient", "winograd_pays"]

Pair = tuple[int, int]
_STEP = 4
_POINTS = {3: (0.0, 1.0, -1.0, 0.5, -2.0), 5: (0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0)}
"""Size of the kernel -> finite interpolation points of winograd.c; the last point is infinity."""
_TRANSFORM = 32
"""Cost of transforming one channel of a tile, in multiplications per point; measured with AVX2."""
_GAIN = 0.9


def winograd_pays(kernel: torch.Size, output: Pair, strides: Pair) -> bool:
    """Return whether Winograd's algorithm is faster, by shapes and vector size, never by timing.

    Args:
        kernel: (filter, channel, height, width).
        output: height and width of the output.
        strides: strides of the convolution (height, width).
    """
    filters, channels, *size = kernel
    if strides != (1, 1) or size[0] != size[1] or size[0] not in _POINTS:
        return False
    if channels % lanes() or filters % winograd_block():
        return False
    tiles = math.prod(-(-side // _STEP) for side in output)
    ours = _side(size[0]) ** 2 * tiles * (channels * filters + _TRANSFORM * (channels + filters))
    return ours < _GAIN * size[0] ** 2 * math.prod(output) * channels * filters


def _side(size: int) -> int:
    """Return the side length of an input tile, in pixels."""
    return _STEP + size - 1


@cache
def _powers(size: int) -> Tensor:
    """Return the kernel transform G (side, size): powers of the points, divided by products of differences."""
    points, rows = _POINTS[size], []
    for point in points:
        divisor = math.prod(point - other for other in points if other != point)
        rows.append([point**power / divisor for power in range(size)])
    rows.append([0.0] * (size - 1) + [1.0])
    return torch.tensor(rows, dtype=torch.float64)


def winograd_convolution(
    x: Tensor, kernel: Tensor, bias: Tensor | None, padding: Pair, output: Pair
) -> Tensor:
    """2-D convolution of stride 1, float32.

    Args:
        x: images (n, channel, height, width).
        kernel: (filter, channel, size, size).
        bias: (filter,) or None.
        padding: number of zeros (above, on the left); pixels missing below and on the right count as zeros.
        output: height and width of the output.

    Returns:
        (n, filter, height, width).
    """
    x = channels_last(x)
    filters, channels, size, _ = kernel.shape
    block = winograd_block()
    powers = _powers(size).float()
    spread = torch.einsum("ai,bj,fcij->abcf", powers, powers, kernel)
    spread = spread.reshape(_side(size) ** 2, channels, filters // block, block)
    spread = spread.permute(2, 0, 1, 3).contiguous()
    offset = kernel.new_zeros(filters) if bias is None else bias.contiguous()
    y = empty_channels_last((x.shape[0], filters, *output), torch.float32)
    settings = _settings(x, filters, size, padding, output)
    checked(loaded().winograd_forward)(
        ctypes.addressof(settings),
        x.data_ptr(),
        spread.data_ptr(),
        offset.data_ptr(),
        y.data_ptr(),
    )
    return y


def winograd_kernel_gradient(x: Tensor, gradient: Tensor, size: int, padding: Pair) -> Tensor:
    """Return the gradient (filter, channel, size, size) of a convolution's kernel.

    Args:
        x: images (n, channel, height, width).
        gradient: gradient of the loss with respect to the output (n, filter, height, width).
        size: side length of the kernel.
        padding: number of zeros (above, on the left).
    """
    x, gradient = channels_last(x), channels_last(gradient)
    filters, channels = gradient.shape[1], x.shape[1]
    sums = x.new_empty(_side(size), _side(size), channels, filters)
    output = (gradient.shape[2], gradient.shape[3])
    settings = _settings(x, filters, size, padding, output)
    checked(loaded().winograd_gradient)(
        ctypes.addressof(settings), x.data_ptr(), gradient.data_ptr(), sums.data_ptr()
    )
    powers = _powers(size).float()
    result = torch.einsum("ai,bj,abcf->fcij", powers, powers, sums)
    return result.contiguous(memory_format=torch.channels_last)


def _settings(x: Tensor, filters: int, size: int, padding: Pair, output: Pair) -> ctypes.Structure:
    n, channels, height, width = x.shape
    return winograd_settings(n, height, width, channels, filters, size, *padding, *output)
