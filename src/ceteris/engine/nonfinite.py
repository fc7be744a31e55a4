"""Where NaN or infinity came first, when a loss is not finite."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ceteris.nn.build import Network

__all__ = ["first_nonfinite"]


def first_nonfinite(network: Network, batch: Tensor) -> str:
    """Name the first tensor that is not finite on the way from the input to the loss.

    Args:
        network: in the state in which the loss was not finite.
        batch: NCHW images of the step.

    Returns:
        ``input``, ``weight layer/kernel``, ``output of layer`` or ``loss``.
    """
    if not _finite(batch):
        return "input"
    for name, tensor in network.weight_tensors().items():
        if not _finite(tensor):
            return f"weight {name}"
    found: list[str] = []
    hooks = [
        stage.register_forward_hook(_watch(name, found))
        for name, stage in network.chain.named_stages()
    ]
    try:
        with torch.no_grad(), network.one_by_one():
            network(batch)
    finally:
        for hook in hooks:
            hook.remove()
    return found[0] if found else "loss"


def _watch(name: str, found: list[str]):  # type: ignore[no-untyped-def]  # noqa: ANN202
    def hook(_module: nn.Module, _inputs: object, output: Tensor) -> None:
        if not _finite(output):
            found.append(f"output of {name}")

    return hook


def _finite(tensor: Tensor) -> bool:
    return bool(torch.isfinite(tensor).all())
