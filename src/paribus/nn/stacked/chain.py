"""Layers one after another, each the stacked form of all members' layers."""

from __future__ import annotations

from collections.abc import Sequence

from paribus.nn.modules.chain import Chain, Stage
from paribus.nn.stacked.form import ConvolutionWay, stacked_of

__all__ = ["stacked_chain"]


def stacked_chain(chains: Sequence[Chain], way: ConvolutionWay) -> Chain:
    """Join chains of one structure, layer by layer.

    Args:
        chains: one per member; the first says which layers they hold.
        way: how to convolve.

    Raises:
        NotImplementedError: a layer has no stacked form.
    """
    first = chains[0]
    members = zip(*(chain.stages for chain in chains), strict=True)
    return Chain(
        [
            Stage(name, layer, stacked_of(layer, modules, way))
            for name, layer, modules in zip(first.names, first.layers, members, strict=True)
        ]
    )
