"""Dense layers of all members: one batched product."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from paribus.nn.layers import dense as layers
from paribus.nn.stacked.form import ConvolutionWay, StackedModule, stacked_of

__all__ = ["StackedProduct"]


class StackedProduct(StackedModule):
    """x @ kernel.T + bias of all members."""

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(member * n, input)`` to ``(member * n, unit)``, with each member's own kernel and bias."""
        rows, columns = self.split(x), self.tensor("kernel").transpose(1, 2)
        bias = self.optional("bias")
        y = (
            torch.bmm(rows, columns)
            if bias is None
            else torch.baddbmm(bias[:, None], rows, columns)
        )
        return y.flatten(0, 1)


@stacked_of.form(layers.Dense)
def _dense(layer: layers.Dense, members: Sequence[Any], way: ConvolutionWay) -> nn.Module:
    return StackedProduct(members)
