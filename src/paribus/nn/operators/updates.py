"""Optimizer updates by C kernels, in one pass over memory."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import torch
from torch import Tensor

from paribus.nn.native.library import library

__all__ = ["update_by_kernel"]


def update_by_kernel(
    name: str, tensors: Sequence[Sequence[Tensor]], constants: Sequence[float]
) -> bool:
    """Run the update ``name`` of updates.c on every parameter.

    Args:
        name: name of the C function without its prefix ``update_``.
        tensors: lists of parameters, gradients and each kind of optimizer state, with one tensor per
            parameter; parameters and states are changed in place.
        constants: arguments of the C function after the number of elements, such as the learning rate.

    Returns:
        False, without any change, if the kernels do not accept these tensors.
    """
    kernels = library()
    if kernels is None or not all(map(_together, zip(*tensors, strict=True))):
        return False
    numbers = [ctypes.c_float(value) for value in constants]
    function = getattr(kernels, f"update_{name}")
    for group in zip(*tensors, strict=True):
        function(*(tensor.data_ptr() for tensor in group), group[0].numel(), *numbers)
    return True


def _together(group: Sequence[Tensor]) -> bool:
    """Return whether all tensors are float32 on the CPU, dense, and have the same memory format."""
    if any(item.dtype != torch.float32 or item.device.type != "cpu" for item in group):
        return False
    if all(item.is_contiguous() for item in group):
        return True
    return all(
        item.dim() == 4 and item.is_contiguous(memory_format=torch.channels_last) for item in group
    )
