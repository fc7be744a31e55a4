"""Types and memory formats of tensors that the C kernels accept."""

from __future__ import annotations

import ctypes

import torch
from torch import Tensor

from paribus.nn.native.library import library

__all__ = ["KERNEL_TYPES", "channels_last", "empty_channels_last", "kernels_for", "usual_steps"]

KERNEL_TYPES = {torch.float32: "float", torch.bfloat16: "bf16"}
"""Element type -> suffix of the kernels' names."""


def kernels_for(x: Tensor) -> ctypes.CDLL | None:
    """Return the library of C kernels; None if it cannot be used or does not accept this tensor."""
    return library() if x.device.type == "cpu" and x.dtype in KERNEL_TYPES else None


def channels_last(x: Tensor) -> Tensor:
    """Return images (n, channel, height, width) in channels_last memory."""
    return x.contiguous(memory_format=torch.channels_last)


def usual_steps(x: Tensor) -> Tensor:
    """Return images with the strides in memory that PyTorch gives to new tensors.

    A batch of one image may have any stride in the batch axis. PyTorch 2.13 then treats the image as
    channels_last on a CPU and computes wrong gradients. Such images are copied.
    """
    if len(x) != 1 or x.stride(0) == x.numel() or x.device.type != "cpu":
        return x
    return x.clone(memory_format=torch.channels_last if x.dim() == 4 else torch.contiguous_format)


def empty_channels_last(shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    """Return an uninitialised tensor on the CPU in channels_last memory."""
    return torch.empty(shape, dtype=dtype, memory_format=torch.channels_last)
