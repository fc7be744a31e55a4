"""Chains of layers as torch modules, with their weights.

Two rewrites keep the function bit for bit: an activation after a convolution or a dense layer works in place,
and a relu before max pooling is moved after it, since max(relu(x)) = relu(max(x));
`paribus.nn.modules.fusion` then computes both in one pass over memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from paribus.nn.layer import Layer, WeightedLayer
from paribus.nn.layers.activation import Activation as ActivationLayer
from paribus.nn.layers.pooling import MaxPooling2D
from paribus.nn.modules.activation import Activation
from paribus.nn.modules.form import module_of
from paribus.nn.modules.fusion import fused_steps
from paribus.records import Shape

__all__ = ["Chain", "Stage", "build_chain"]


class Stage(NamedTuple):
    """A module, with the layer that it computes."""

    name: str
    layer: Layer
    module: nn.Module


class Chain(nn.Module):
    """Modules that are applied one after another, each with its layer and the layer's name.

    If ``fused`` is set, several modules may be computed in one pass over memory; else each runs by itself.
    """

    def __init__(self, stages: Sequence[Stage], *, first: bool = False) -> None:
        super().__init__()
        self.names = tuple(stage.name for stage in stages)
        self.layers = tuple(stage.layer for stage in stages)
        self.stages = nn.ModuleList(stage.module for stage in stages)
        self.fused = True
        self._steps = fused_steps([stage.module for stage in stages], first=first)

    def forward(self, x: Tensor) -> Tensor:
        """Run all modules, each on the output of the one before it."""
        for step in self._steps if self.fused else self.stages:
            x = step(x)
        return x

    def named_stages(self) -> Iterator[tuple[str, nn.Module]]:
        """Yield (layer name, module), containers before their content."""
        for name, stage in zip(self.names, self.stages, strict=True):
            yield name, stage
            for inner in stage.children():
                if isinstance(inner, Chain):
                    yield from inner.named_stages()


def build_chain(layers: Sequence[Layer], shape: Shape, *, first: bool = False) -> Chain:
    """Build layers one after another, with the two rewrites; ``first`` if they see the images.

    Args:
        layers: layers of a resolved model.
        shape: shape of one input of the first layer, ``(height, width, channel)`` or ``(unit,)``.
        first: whether the input is the images, which need no gradient.

    Raises:
        ShapeError: a layer does not accept the shape of its input.
    """
    stages: list[Stage] = []
    delayed: Stage | None = None
    for layer, following in zip(layers, (*layers[1:], None), strict=False):
        name = layer.name or layer.kind
        stages.append(Stage(name, layer, _with_weights(layer, shape)))
        if delayed is not None:
            stages.append(delayed)
            delayed = None
        if isinstance(layer, WeightedLayer) and layer.activation != "linear":
            activation = _activation_behind(layer, name)
            if layer.activation == "relu" and isinstance(following, MaxPooling2D):
                delayed = activation
            else:
                stages.append(activation)
        shape = layer.output_shape(shape)
    return Chain(stages, first=first)


def _with_weights(layer: Layer, shape: Shape) -> nn.Module:
    module = module_of(layer, shape)
    for weight in layer.weights(shape):
        if weight.trainable:
            module.register_parameter(weight.name, nn.Parameter(torch.zeros(weight.shape)))
        else:
            module.register_buffer(weight.name, torch.zeros(weight.shape))
    return module


def _activation_behind(layer: WeightedLayer, name: str) -> Stage:
    """Return the activation of a layer with weights; it may overwrite the layer's output."""
    slope = layer.negative_slope
    spec = ActivationLayer(activation=layer.activation, negative_slope=slope)
    module = Activation(layer.activation, inplace=True, slope=layer.slope)
    return Stage(f"{name}/activation", spec, module)
