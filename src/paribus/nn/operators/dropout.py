"""Dropout whose mask is a pure function of a key and a counter, so that no mask is stored."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from paribus.nn.native.library import library, loaded
from paribus.nn.operators.memory import (
    KERNEL_TYPES,
    channels_last,
    kernels_for,
)

__all__ = ["keyed_dropout", "keyed_factors", "stacked_factors"]

_GOLDEN = 0x9E3779B97F4A7C15
_MIX = (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)


def keyed_factors(
    shape: tuple[int, ...],
    key: int,
    counter: int,
    threshold: int,
    scale: float,
    device: torch.device,
) -> Tensor:
    """Return dropout factors, each 0 or ``scale``, as a function of a key and a counter.

    Args:
        shape: shape of the result; its elements are drawn in memory order.
        key: key of the random stream, a 64-bit integer.
        counter: number of draws (of four elements each) that were already made with this key.
        threshold: an element is 0 if its 16 random bits are below this number (rate * 65536).
        scale: factor of elements that are kept, usually 1 / (1 - rate).
        device: device of the result.

    Source: splitmix64 (Steele, Lea & Flood 2014).
    """
    count = torch.Size(shape).numel()
    kernels = library() if device.type == "cpu" else None
    if kernels is not None:
        factors = torch.empty(shape)
        kernels.keyed_mask(factors.data_ptr(), count, key, counter, threshold, scale)
        return factors
    draws = torch.arange(counter + 1, counter + 1 + (count + 3) // 4, device=device)
    draws = _mixed(draws * _signed(_GOLDEN) + _signed(key))
    bits = draws.view(torch.int16)[:count].to(torch.int32) & 0xFFFF
    return (bits >= threshold).float().mul_(scale).view(shape)


def stacked_factors(
    shape: tuple[int, ...], keys: Tensor, counter: Tensor, thresholds: Tensor, scales: Tensor
) -> Tensor:
    """Return `keyed_factors` for several keys at once, bit-identical: ``(member, *shape)``.

    All arguments are tensors on the device, so that the call may be recorded in a CUDA graph.

    Args:
        shape: shape of one member's factors.
        keys: int64 ``(member,)``, the 64-bit keys.
        counter: int64 scalar, number of draws that were already made with these keys.
        thresholds: int64 ``(member,)``, as in `keyed_factors`.
        scales: float32 ``(member,)``, as in `keyed_factors`.
    """
    count = torch.Size(shape).numel()
    draws = torch.arange(1, 1 + (count + 3) // 4, device=keys.device) + counter
    mixed = _mixed((draws * _signed(_GOLDEN))[None] + keys[:, None])
    bits = mixed.view(torch.int16)[:, :count].to(torch.int32) & 0xFFFF
    factors = (bits >= thresholds[:, None]).float() * scales[:, None]
    return factors.view(len(keys), *shape)


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def _mixed(z: Tensor) -> Tensor:
    """Return splitmix64's hash of 64-bit counters; int64 products wrap around, masks make shifts logical."""
    for shift, factor in zip((30, 27), _MIX, strict=True):
        z = (z ^ ((z >> shift) & ((1 << (64 - shift)) - 1))) * _signed(factor)
    return z ^ ((z >> 31) & ((1 << 33) - 1))


def keyed_dropout(x: Tensor, key: int, counter: int, threshold: int, scale: float) -> Tensor:
    """Multiply by `keyed_factors`, drawn in the order n, h, w, c; the backward pass draws them again.

    Args:
        x: (n, channel, height, width) or (n, feature).
        key, counter, threshold, scale: as in `keyed_factors`.
    """
    if kernels_for(x) is None:
        shape = tuple(x.shape)
        if x.dim() == 4:
            factors = keyed_factors(
                (shape[0], *shape[2:], shape[1]), key, counter, threshold, scale, x.device
            )
            return (x * factors.permute(0, 3, 1, 2)).to(x.dtype)
        return (x * keyed_factors(shape, key, counter, threshold, scale, x.device)).to(x.dtype)
    result: Tensor = _Dropout.apply(x, key, counter, threshold, scale)  # type: ignore[no-untyped-call]
    return result


class _Dropout(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, *settings: float) -> Tensor:
        ctx.settings = settings
        return _dropped(x, settings)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        return _dropped(gradients[0], ctx.settings), None, None, None, None


def _dropped(x: Tensor, settings: tuple[float, ...]) -> Tensor:
    x = channels_last(x) if x.dim() == 4 else x.contiguous()
    y = torch.empty_like(x)
    key, counter, threshold, scale = settings
    getattr(loaded(), f"keyed_dropout_{KERNEL_TYPES[x.dtype]}")(
        x.data_ptr(), y.data_ptr(), x.numel(), key, counter, threshold, scale
    )
    return y
