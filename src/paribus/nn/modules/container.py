"""Containers: two paths whose results are added."""

from __future__ import annotations

from torch import Tensor, nn

from paribus.nn.layers import container as layers
from paribus.nn.modules.activation import Activation
from paribus.nn.modules.chain import build_chain
from paribus.nn.modules.form import module_of
from paribus.records import Shape

__all__ = ["ResidualSum"]


class ResidualSum(nn.Module):
    """layers(x) + shortcut(x), then an activation."""

    def __init__(self, layers: nn.Module, shortcut: nn.Module, activation: Activation) -> None:
        super().__init__()
        self.layers, self.shortcut, self.activation = layers, shortcut, activation

    def forward(self, x: Tensor) -> Tensor:
        """Return the sum of both paths, activated."""
        result: Tensor = self.activation(self.layers(x) + self.shortcut(x))
        return result


@module_of.form(layers.Residual)
def _residual(layer: layers.Residual, shape: Shape) -> nn.Module:
    activation = Activation(layer.activation, inplace=True, slope=layer.slope)
    around = build_chain(layer.shortcut, shape)
    return ResidualSum(build_chain(layer.layers, shape), around, activation)
