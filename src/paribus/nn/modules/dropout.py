"""Dropout of single values or whole channels, with keyed masks."""

from __future__ import annotations

from torch import Tensor, nn

from paribus.nn.layers import dropout as layers
from paribus.nn.modules.form import KeyedModule, module_of
from paribus.nn.operators.dropout import keyed_dropout, keyed_factors
from paribus.records import Shape

__all__ = ["Dropout"]

_STEPS = 1 << 16


class Dropout(KeyedModule):
    """Inverted dropout whose masks come from a counter-based generator with a new key for every epoch.

    One 64-bit draw decides four values, so the rate is rounded to a multiple of 1/65536; values that are
    kept are multiplied by exactly 1 / (1 - rounded rate).
    """

    def __init__(self, rate: float, *, spatial: bool) -> None:
        super().__init__()
        self.spatial = spatial
        self.threshold = round(rate * _STEPS)
        self.scale = _STEPS / max(_STEPS - self.threshold, 1)
        self.key: int | None = None
        self.used = 0

    def begin_epoch(self, key: int) -> None:
        """Set the key of the next epoch's random draws."""
        self.key, self.used = key % (1 << 64), 0

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x`` times the mask in training, ``x`` itself in evaluation."""
        if not self.training or self.threshold == 0:
            return x
        if self.key is None:
            raise RuntimeError("begin_epoch must be called before training")
        whole = not self.spatial or x.dim() != 4
        shape = x.shape if whole else x.shape[:2]
        settings = (self.key, self.used, self.threshold, self.scale)
        self.used += (shape.numel() + 3) // 4
        if whole:
            return keyed_dropout(x, *settings)
        factors = keyed_factors(tuple(shape), *settings, x.device)
        return (x * factors[:, :, None, None]).to(x.dtype)


@module_of.form(layers.Dropout)
def _dropout(layer: layers.Dropout, shape: Shape) -> nn.Module:
    return Dropout(layer.rate, spatial=False)


@module_of.form(layers.SpatialDropout2D)
def _spatial_dropout2d(layer: layers.SpatialDropout2D, shape: Shape) -> nn.Module:
    return Dropout(layer.rate, spatial=True)
