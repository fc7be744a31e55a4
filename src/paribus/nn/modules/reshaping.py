"""Layers that compute nothing: Input, Flatten and ZeroPadding2D."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from paribus.nn.layers import reshaping as layers
from paribus.nn.modules.form import module_of
from paribus.nn.shapes import Pads
from paribus.records import Shape

__all__ = ["Flatten", "ZeroPadding"]


class Flatten(nn.Module):
    """Reshape (n, c, h, w) to (n, h * w * c), without a copy if the memory is channels_last."""

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(example, height * width * channel)``, in this order."""
        return x.permute(0, 2, 3, 1).flatten(1) if x.dim() == 4 else x.flatten(1)


class ZeroPadding(nn.Module):
    """Add a border of zeros to images (n, c, h, w)."""

    def __init__(self, pads: Pads) -> None:
        super().__init__()
        self.pads = pads

    def forward(self, x: Tensor) -> Tensor:
        """Return the images with a border of zeros."""
        return F.pad(x, self.pads)


@module_of.form(layers.Input)
def _input(layer: layers.Input, shape: Shape) -> nn.Module:
    return nn.Identity()


@module_of.form(layers.Flatten)
def _flatten(layer: layers.Flatten, shape: Shape) -> nn.Module:
    return Flatten()


@module_of.form(layers.ZeroPadding2D)
def _zero_padding2d(layer: layers.ZeroPadding2D, shape: Shape) -> nn.Module:
    (top, bottom), (left, right) = layer.padding
    return ZeroPadding((left, right, top, bottom))
