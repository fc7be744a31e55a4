"""Which tensors the C kernels take, and tensors laid out for them."""

from __future__ import annotations

import ctypes

import torch
from torch import Tensor

from paribus.nn.native.library import library

__all__ = ["KERNEL_TYPES", "channels_last", "empty_channels_last", "kernels_for", "usual_steps"]

KERNEL_TYPES = {torch.float32: "float", torch.bfloat16: "bf16"}
"""Element types of the kernels, and the ends of their names."""


def kernels_for(x: Tensor) -> ctypes.CDLL | None:
    """Return the C kernels where they take this tensor."""
    return library() if x.device.type == "cpu" and x.dtype in KERNEL_TYPES else None


def channels_last(x: Tensor) -> Tensor:
    """Return images (n, channel, height, width) in channels_last memory."""
    return x.contiguous(memory_format=torch.channels_last)


def usual_steps(x: Tensor) -> Tensor:
    """Return images whose steps in memory are those that PyTorch itself gives them.

    A batch of one may have any step between its images, as there is no second one. PyTorch 2.13 takes
    such images for channels_last on a CPU, and then computes wrong gradients.
    """
    if len(x) != 1 or x.stride(0) == x.numel() or x.device.type != "cpu":
        return x
    return x.clone(memory_format=torch.channels_last if x.dim() == 4 else torch.contiguous_format)


def empty_channels_last(shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    """Return an uninitialised tensor on the CPU in channels_last memory."""
    return torch.empty(shape, dtype=dtype, memory_format=torch.channels_last)
