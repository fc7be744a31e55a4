"""Normalisation of all members, each with its own statistics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from paribus.nn.layer import Layer
from paribus.nn.layers import normalization as layers
from paribus.nn.modules.normalization import BatchNorm, GroupNorm, LayerNorm
from paribus.nn.stacked.form import (
    ConvolutionWay,
    StackedModule,
    channels_to_members,
    members_to_channels,
    stacked_of,
)

__all__ = ["StackedBatchNorm", "StackedPerExampleNorm"]


class StackedBatchNorm(StackedModule):
    """Batch normalisation of all members: `BatchNorm` with one channel for each pair (member, channel)."""

    def __init__(self, members: Sequence[Any]) -> None:
        super().__init__(members)
        first = members[0]
        self.formula = BatchNorm(first.momentum, first.epsilon, unbiased=first.unbiased)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise each member's images by statistics of its own batch."""
        gamma, beta = self.optional("gamma"), self.optional("beta")
        y = self.formula.normalised(
            members_to_channels(x, self.num_members),
            None if gamma is None else gamma.flatten(),
            None if beta is None else beta.flatten(),
            self.tensor("moving_mean").view(-1),
            self.tensor("moving_variance").view(-1),
        )
        return channels_to_members(y, self.num_members)


class StackedPerExampleNorm(StackedModule):
    """Layer and group normalisation of all members, which differ only in gamma and beta."""

    def __init__(self, members: Sequence[Any], plain: nn.Module) -> None:
        super().__init__(members)
        self.plain = plain

    def forward(self, x: Tensor) -> Tensor:
        """Normalise all images, then scale and shift each member's."""
        y = self.split(self.plain(x))
        gamma, beta = self.per_channel(x, "gamma"), self.per_channel(x, "beta")
        if gamma is not None:
            y = y * gamma
        if beta is not None:
            y = y + beta
        return y.flatten(0, 1)


@stacked_of.form(layers.BatchNormalization)
def _batch_normalization(layer: Layer, members: Sequence[Any], way: ConvolutionWay) -> nn.Module:
    return StackedBatchNorm(members)


@stacked_of.form(layers.LayerNormalization)
def _layer_normalization(layer: Layer, members: Sequence[Any], way: ConvolutionWay) -> nn.Module:
    return StackedPerExampleNorm(members, LayerNorm(members[0].epsilon))


@stacked_of.form(layers.GroupNormalization)
def _group_normalization(layer: Layer, members: Sequence[Any], way: ConvolutionWay) -> nn.Module:
    first = members[0]
    return StackedPerExampleNorm(members, GroupNorm(first.groups, first.epsilon))
