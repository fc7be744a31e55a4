"""Search for the first tensor with NaN or infinity when a loss is not finite."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from paribus.engine.stages import look_at_stages
from paribus.nn.build import Network

__all__ = ["first_nonfinite"]


def first_nonfinite(network: Network, batch: Tensor) -> str:
    """Return the name of the first non-finite tensor on the way from the input to the loss.

    Args:
        network: the network with the weights with which the loss was not finite.
        batch: ``(n, channel, height, width)``, images of the step.

    Returns:
        ``input``, ``weight layer/kernel``, ``output of layer`` or ``loss``.
    """
    if not _finite(batch):
        return "input"
    for name, tensor in network.weight_tensors().items():
        if not _finite(tensor):
            return f"weight {name}"
    found: list[str] = []

    def look(name: str, _module: nn.Module, output: Tensor) -> None:
        if not _finite(output):
            found.append(f"output of {name}")

    look_at_stages(network, batch, look)
    return found[0] if found else "loss"


def _finite(tensor: Tensor) -> bool:
    return bool(torch.isfinite(tensor).all())
