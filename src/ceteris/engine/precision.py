"""Number formats of training: what `precision` of a study means."""

from __future__ import annotations

import contextlib

import torch

from ceteris.nn.training import Precision

__all__ = ["products_in"]


def products_in(
    precision: Precision, device: torch.device
) -> contextlib.AbstractContextManager[object]:
    """Return the context in which a network runs.

    ``bf16`` computes convolutions and matrix products in bfloat16 with float32 sums; weights,
    normalisation statistics, losses and optimizers stay float32. Source: PyTorch's autocast.
    """
    if precision == "fp32":
        return contextlib.nullcontext()
    return torch.autocast(device.type, torch.bfloat16)
