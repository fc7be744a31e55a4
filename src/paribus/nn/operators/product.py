"""Matrix products of dense layers."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["linear"]

_LARGE = 1_000_000
"""Number of multiplications from which oneDNN is faster than the BLAS library that PyTorch calls."""


def linear(x: Tensor, kernel: Tensor, bias: Tensor | None) -> Tensor:
    """Return ``x @ kernel.T + bias``, computed by oneDNN if it is faster than PyTorch's BLAS library.

    Args:
        x: (n, feature).
        kernel: (unit, feature).
        bias: (unit,) or None.

    Returns:
        (n, unit).
    """
    if not _by_onednn(x, kernel):
        return F.linear(x, kernel, bias)
    result: Tensor = _Linear.apply(x, kernel, bias)  # type: ignore[no-untyped-call]
    return result


def _by_onednn(x: Tensor, kernel: Tensor) -> bool:
    """Return whether to use oneDNN, by a fixed rule on shapes and types, never by timing."""
    return (
        x.dim() == 2
        and x.device.type == "cpu"
        and x.dtype == kernel.dtype == torch.float32
        and not torch.is_autocast_enabled("cpu")
        and x.numel() * len(kernel) >= _LARGE
        and _HAS_ONEDNN
    )


_HAS_ONEDNN = torch._C._has_mkldnn and hasattr(torch.ops.mkldnn, "_linear_pointwise")


def _product(x: Tensor, kernel: Tensor, bias: Tensor | None = None) -> Tensor:
    result: Tensor = torch.ops.mkldnn._linear_pointwise(x, kernel, bias, "none", [], "")
    return result


class _Linear(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, kernel: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, kernel)
        ctx.has_bias = bias is not None
        return _product(x, kernel, bias)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, kernel = ctx.saved_tensors
        gradient = gradients[0].contiguous()
        for_x = _product(gradient, kernel.t()) if ctx.needs_input_grad[0] else None
        for_kernel = _product(gradient.t(), x.t()) if ctx.needs_input_grad[1] else None
        return for_x, for_kernel, gradient.sum(0) if ctx.has_bias else None
