"""Dense layers: a matrix product."""

from __future__ import annotations

from torch import Tensor, nn

from paribus.nn.layers import dense as layers
from paribus.nn.modules.form import module_of
from paribus.nn.operators.product import linear
from paribus.records import Shape

__all__ = ["Product"]


class Product(nn.Module):
    """x @ kernel.T + bias."""

    kernel: Tensor
    bias: Tensor | None

    def __init__(self) -> None:
        super().__init__()
        self.register_parameter("bias", None)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x @ kernel.T + bias``, ``(example, unit)``, of ``(example, input)``."""
        return linear(x, self.kernel, self.bias)


@module_of.form(layers.Dense)
def _dense(layer: layers.Dense, shape: Shape) -> nn.Module:
    return Product()
