"""Containers of all members: their paths are stacked, too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import nn

from paribus.nn.layers import container as layers
from paribus.nn.modules.container import ResidualSum
from paribus.nn.stacked.chain import stacked_chain
from paribus.nn.stacked.form import ConvolutionWay, stacked_of


@stacked_of.form(layers.Residual)
def _residual(layer: layers.Residual, members: Sequence[Any], way: ConvolutionWay) -> nn.Module:
    return ResidualSum(
        stacked_chain([member.layers for member in members], way),
        stacked_chain([member.shortcut for member in members], way),
        members[0].activation,
    )
