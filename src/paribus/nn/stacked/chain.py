"""Chains of layers in stacked form: each computes the layer of all members."""

from __future__ import annotations

from collections.abc import Sequence

from paribus.nn.modules.chain import Chain, Stage
from paribus.nn.stacked.form import ConvolutionWay, stacked_of

__all__ = ["stacked_chain"]


def stacked_chain(chains: Sequence[Chain], way: ConvolutionWay) -> Chain:
    """Join chains of one structure, layer by layer.

    Args:
        chains: chains of the members, all with the layers of the first.
        way: algorithm of the convolutions.

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
