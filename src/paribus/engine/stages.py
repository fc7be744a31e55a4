"""Observation of the output of every stage of a network."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from paribus.nn.build import Network

__all__ = ["look_at_stages"]

Look = Callable[[str, nn.Module, Tensor], None]
"""Function (stage name, module, output) that is called for every stage."""


def look_at_stages(network: Network, batch: Tensor, look: Look) -> None:
    """Run a batch module by module without gradients, and report the output of every stage.

    Args:
        network: the network; its mode (training or evaluation) is not changed.
        batch: ``(n, channel, height, width)``, images.
        look: called with (stage name, module, output) in the order of the stages.
    """

    def seen(name: str, module: nn.Module, _inputs: object, output: Tensor) -> None:
        look(name, module, output)

    hooks = [
        stage.register_forward_hook(partial(seen, name))
        for name, stage in network.chain.named_stages()
    ]
    try:
        with torch.no_grad(), network.one_by_one():
            network(batch)
    finally:
        for hook in hooks:
            hook.remove()
