"""Activations by name, and Rescaling."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from paribus.nn.layer import KERAS_SLOPE
from paribus.nn.layers import activation as layers
from paribus.nn.modules.form import module_of
from paribus.records import Shape

__all__ = ["Activation", "Rescale", "activate"]


def activate(x: Tensor, name: str, *, inplace: bool = False, slope: float = KERAS_SLOPE) -> Tensor:
    """Apply an activation by name; ``inplace`` requires that no other code uses ``x``.

    Args:
        x: tensor of any shape.
        name: name in `paribus.nn.layer.ACTIVATIONS`.
        inplace: whether ``x`` may be overwritten.
        slope: slope of ``leaky_relu`` for negative inputs.
    """
    match name:
        case "linear":
            return x
        case "relu":
            return F.relu(x, inplace=inplace)
        case "leaky_relu":
            return F.leaky_relu(x, slope, inplace=inplace)
        case "elu":
            return F.elu(x)
        case "gelu":
            return F.gelu(x)
        case "silu":
            return F.silu(x)
        case "softplus":
            return F.softplus(x)
        case "softmax":
            return torch.softmax(x, 1)
        case "sigmoid":
            return torch.sigmoid(x)
        case _:
            return torch.tanh(x)


class Activation(nn.Module):
    """An activation; in place when it follows a layer that owns its output."""

    def __init__(self, name: str, *, inplace: bool = False, slope: float = KERAS_SLOPE) -> None:
        super().__init__()
        self.name, self.inplace, self.slope = name, inplace, slope

    def forward(self, x: Tensor) -> Tensor:
        """Return the activation of ``(example, ...)``, element by element."""
        return activate(x, self.name, inplace=self.inplace, slope=self.slope)


class Rescale(nn.Module):
    """x * scale + offset."""

    def __init__(self, scale: float, offset: float) -> None:
        super().__init__()
        self.scale, self.offset = scale, offset

    def forward(self, x: Tensor) -> Tensor:
        """Return ``scale * x + offset``, element by element."""
        return x * self.scale + self.offset if self.offset else x * self.scale


@module_of.form(layers.Activation)
def _activation(layer: layers.Activation, shape: Shape) -> nn.Module:
    return Activation(layer.activation, slope=layer.slope)


@module_of.form(layers.ReLU)
def _relu(layer: layers.ReLU, shape: Shape) -> nn.Module:
    return Activation("relu")


@module_of.form(layers.LeakyReLU)
def _leaky_relu(layer: layers.LeakyReLU, shape: Shape) -> nn.Module:
    return nn.LeakyReLU(layer.constant("negative_slope"))


@module_of.form(layers.Rescaling)
def _rescaling(layer: layers.Rescaling, shape: Shape) -> nn.Module:
    return Rescale(layer.scale, layer.offset)
