"""Dropout of all members, each with its own masks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from paribus.nn.layer import Layer
from paribus.nn.layers import dropout as layers
from paribus.nn.operators.dropout import stacked_factors
from paribus.nn.stacked.form import ConvolutionWay, StackedKeyedModule, stacked_of

__all__ = ["StackedDropout"]


class StackedDropout(StackedKeyedModule):
    """Dropout with each member's own keys and rate; masks are bit-identical to those of `Dropout`."""

    keys: Tensor
    used: Tensor
    thresholds: Tensor
    scales: Tensor

    def __init__(self, members: Sequence[Any]) -> None:
        super().__init__(members)
        self.spatial = members[0].spatial
        self.active = any(member.threshold for member in members)
        self.register_buffer("keys", torch.zeros(len(members), dtype=torch.int64))
        self.register_buffer("used", torch.zeros((), dtype=torch.int64))
        self.register_buffer("thresholds", torch.tensor([item.threshold for item in members]))
        self.register_buffer("scales", torch.tensor([item.scale for item in members]))

    def begin_epoch(self, keys: Sequence[int]) -> None:
        """Set the keys of the next epoch's random draws, one per member."""
        signed = [(key + (1 << 63)) % (1 << 64) - (1 << 63) for key in keys]
        self.keys.copy_(torch.tensor(signed, dtype=torch.int64))
        self.used.zero_()

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x`` times the members' masks in training, ``x`` itself in evaluation."""
        if not self.training or not self.active:
            return x
        whole = not self.spatial or x.dim() != 4
        n = x.shape[0] // self.num_members
        shape = (n, *x.shape[2:], x.shape[1]) if whole else (n, x.shape[1])
        factors = stacked_factors(shape, self.keys, self.used, self.thresholds, self.scales)
        self.used += (torch.Size(shape).numel() + 3) // 4
        factors = factors.flatten(0, 1)
        if x.dim() == 4:
            factors = factors.permute(0, 3, 1, 2) if whole else factors[:, :, None, None]
        return (x * factors).to(x.dtype)


@stacked_of.form(layers.Dropout, layers.SpatialDropout2D)
def _dropout(layer: Layer, members: Sequence[Any], way: ConvolutionWay) -> nn.Module:
    return StackedDropout(members)
