"""Pooling of windows, and of the whole image."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from paribus.nn.layers import pooling as layers
from paribus.nn.modules.form import module_of
from paribus.nn.operators.pooling import max_pool
from paribus.nn.shapes import Pads
from paribus.records import Shape

__all__ = ["AveragePooling", "GlobalPooling", "MaxPooling"]


class MaxPooling(nn.Module):
    """max_pool2d; padding counts as -inf. ``relu`` clips the result in the same pass."""

    def __init__(self, size: tuple[int, int], strides: tuple[int, int], pads: Pads) -> None:
        super().__init__()
        self.size, self.strides, self.pads = size, strides, pads if any(pads) else None

    @property
    def plain(self) -> bool:
        """Whether windows do not overlap and there is no padding."""
        return self.pads is None and self.size == self.strides

    def forward(self, x: Tensor, *, relu: bool = False) -> Tensor:
        """Map ``(example, channel, height, width)`` to one value per window, or per channel."""
        if self.pads is not None:
            x = F.pad(x, self.pads, value=float("-inf"))
        return max_pool(x, self.size, self.strides, relu=relu)


class AveragePooling(nn.Module):
    """avg_pool2d; padded pixels do not count in the mean."""

    def __init__(self, size: tuple[int, int], strides: tuple[int, int], pads: Pads) -> None:
        super().__init__()
        self.size, self.strides, self.pads = size, strides, pads if any(pads) else None

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(example, channel, height, width)`` to one value per window, or per channel."""
        if self.pads is None:
            return F.avg_pool2d(x, self.size, self.strides)
        inside = torch.ones_like(x[:1, :1])
        total = F.avg_pool2d(F.pad(x, self.pads), self.size, self.strides)
        return total / F.avg_pool2d(F.pad(inside, self.pads), self.size, self.strides)


class GlobalPooling(nn.Module):
    """Mean or maximum over height and width."""

    def __init__(self, kind: Literal["mean", "max"]) -> None:
        super().__init__()
        self.kind = kind

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(example, channel, height, width)`` to one value per window, or per channel."""
        return x.mean((2, 3)) if self.kind == "mean" else x.amax((2, 3))


@module_of.form(layers.MaxPooling2D)
def _max_pooling2d(layer: layers.MaxPooling2D, shape: Shape) -> nn.Module:
    return MaxPooling(layer.pool_size, layer.steps(), layer.pads(shape))


@module_of.form(layers.AveragePooling2D)
def _average_pooling2d(layer: layers.AveragePooling2D, shape: Shape) -> nn.Module:
    return AveragePooling(layer.pool_size, layer.steps(), layer.pads(shape))


@module_of.form(layers.GlobalAveragePooling2D)
def _global_average_pooling2d(layer: layers.GlobalAveragePooling2D, shape: Shape) -> nn.Module:
    return GlobalPooling("mean")


@module_of.form(layers.GlobalMaxPooling2D)
def _global_max_pooling2d(layer: layers.GlobalMaxPooling2D, shape: Shape) -> nn.Module:
    return GlobalPooling("max")
