"""From a resolved model to a torch module, and weights in and out of it.

Two rewrites keep the function bit for bit: an activation that follows a convolution or a dense
layer works in place, and a relu in front of max pooling is moved behind it, since
max(relu(x)) = relu(max(x)); `paribus.nn.fusion` then shares passes over memory. A final softmax or
sigmoid is split off, so that losses can work on logits.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from paribus.keyed import key
from paribus.nn.fusion import fused_steps
from paribus.nn.layer import Layer, Regularizer, WeightedLayer
from paribus.nn.layers.activation import Activation as ActivationLayer
from paribus.nn.layers.pooling import MaxPooling2D
from paribus.nn.modules import Activation, Dropout, activate
from paribus.nn.spec import ModelSpec
from paribus.records import Shape

__all__ = [
    "Chain",
    "Network",
    "build_chain",
    "build_network",
    "load_weights",
    "read_weights",
    "split_final",
]

FINAL = ("softmax", "sigmoid")


class Chain(nn.Module):
    """Modules one after another, each with the name of the layer it comes from.

    ``fused`` lets passes over memory be shared; without it every module runs by itself.
    """

    def __init__(self, stages: list[tuple[str, nn.Module]], *, first: bool = False) -> None:
        super().__init__()
        self.names = tuple(name for name, _ in stages)
        self.stages = nn.ModuleList(module for _, module in stages)
        self.fused = True
        self._steps = fused_steps([module for _, module in stages], first=first)

    def forward(self, x: Tensor) -> Tensor:
        """Run all modules."""
        for step in self._steps if self.fused else self.stages:
            x = step(x)
        return x

    def named_stages(self) -> Iterator[tuple[str, nn.Module]]:
        """Yield (layer name, module), containers before what they hold."""
        for name, stage in zip(self.names, self.stages, strict=True):
            yield name, stage
            for inner in stage.children():
                if isinstance(inner, Chain):
                    yield from inner.named_stages()


class Network(nn.Module):
    """A built model: raw outputs, probabilities, penalty, and keyed dropout."""

    def __init__(self, chain: Chain, final_activation: str) -> None:
        super().__init__()
        self.chain = chain
        self.final_activation = final_activation
        self.penalties: list[tuple[Tensor, Regularizer]] = []

    def forward(self, x: Tensor) -> Tensor:
        """Return raw outputs (n, class): what stands before the final softmax or sigmoid."""
        raw: Tensor = self.chain(x)
        return raw

    @contextlib.contextmanager
    def one_by_one(self) -> Iterator[None]:
        """Run every module by itself meanwhile, so that hooks see each."""
        chains = [module for module in self.modules() if isinstance(module, Chain)]
        for chain in chains:
            chain.fused = False
        try:
            yield
        finally:
            for chain in chains:
                chain.fused = True

    def outputs(self, raw: Tensor) -> Tensor:
        """Apply the final activation."""
        return activate(raw, self.final_activation)

    def probabilities(self, raw: Tensor) -> Tensor:
        """Return class probabilities (n, class); a model without final activation gives logits."""
        if self.final_activation == "linear":
            return torch.softmax(raw, 1)
        values = self.outputs(raw)
        if self.final_activation == "softmax":
            return values
        total = values.sum(1, keepdim=True)
        # Where all sigmoids underflow, their ratios are still known from the logarithms.
        return torch.where(total > 0, values / total, self.log_probabilities(raw).exp())

    def log_probabilities(self, raw: Tensor) -> Tensor:
        """Return the logarithms of the class probabilities (n, class), finite where those underflow."""
        if self.final_activation == "sigmoid":
            raw = torch.nn.functional.logsigmoid(raw)
        return torch.log_softmax(raw, 1)

    def penalty(self) -> Tensor | None:
        """Return the sum of all L1 and L2 penalties, or None when there is none."""
        total: Tensor | None = None
        for weight, regularizer in self.penalties:
            for factor, term in ((regularizer.l1, weight.abs), (regularizer.l2, weight.square)):
                if factor:
                    part = factor * term().sum()
                    total = part if total is None else total + part
        return total

    def begin_epoch(self, seed: int, epoch: int) -> None:
        """Key every dropout layer's draws by (seed, layer name, epoch)."""
        for name, stage in self.chain.named_stages():
            if isinstance(stage, Dropout):
                stage.begin_epoch(key(seed, "dropout", name, epoch))

    def weight_tensors(self) -> dict[str, Tensor]:
        """Return ``"layer/weight"`` -> the tensor itself, parameters and running statistics."""
        return {
            f"{name}/{field}": tensor
            for name, stage in self.chain.named_stages()
            for field, tensor in (
                *stage.named_parameters(recurse=False),
                *stage.named_buffers(recurse=False),
            )
        }


def build_network(model: ModelSpec, input_shape: Shape) -> Network:
    """Build a resolved model for images of ``input_shape``; weights are zeros until loaded.

    Raises:
        ShapeError: a layer cannot take the shape that reaches it.
    """
    layers, final = split_final(model.layers)
    network = Network(build_chain(layers, input_shape, first=True), final)
    tensors = network.weight_tensors()
    for name, weight in _regularized(model, input_shape):
        network.penalties.append((tensors[name], weight))
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


def build_chain(layers: tuple[Layer, ...], shape: Shape, *, first: bool = False) -> Chain:
    """Build layers one after another, with the two rewrites; ``first`` if they see the images."""
    stages: list[tuple[str, nn.Module]] = []
    delayed: tuple[str, nn.Module] | None = None
    for layer, following in zip(layers, (*layers[1:], None), strict=False):
        name = layer.name or layer.kind
        stages.append((name, _with_weights(layer, shape)))
        if delayed is not None:
            stages.append(delayed)
            delayed = None
        if isinstance(layer, WeightedLayer) and layer.activation != "linear":
            activation = (
                f"{name}/activation",
                Activation(layer.activation, inplace=True, slope=layer.slope),
            )
            if layer.activation == "relu" and isinstance(following, MaxPooling2D):
                delayed = activation
            else:
                stages.append(activation)
        shape = layer.output_shape(shape)
    return Chain(stages, first=first)


def load_weights(network: Network, weights: Mapping[str, npt.NDArray[np.float32]]) -> None:
    """Copy weights into a network.

    Raises:
        KeyError: names differ.
        ValueError: a shape differs.
    """
    tensors = network.weight_tensors()
    if set(tensors) != set(weights):
        raise KeyError(f"weights must be {sorted(tensors)}, got {sorted(weights)}")
    with torch.no_grad():
        for name, tensor in tensors.items():
            values = torch.from_numpy(np.array(weights[name]))
            if values.shape != tensor.shape:
                raise ValueError(
                    f"{name}: shape must be {tuple(tensor.shape)}, got {tuple(values.shape)}"
                )
            tensor.copy_(values)


def read_weights(network: Network) -> dict[str, npt.NDArray[np.float32]]:
    """Return a copy of every weight as a C-contiguous array."""
    return {
        name: np.ascontiguousarray(tensor.detach().cpu().numpy(), dtype=np.float32).copy()
        for name, tensor in network.weight_tensors().items()
    }


def _with_weights(layer: Layer, shape: Shape) -> nn.Module:
    module = layer.module(shape)
    for weight in layer.weights(shape):
        if weight.trainable:
            module.register_parameter(weight.name, nn.Parameter(torch.zeros(weight.shape)))
        else:
            module.register_buffer(weight.name, torch.zeros(weight.shape))
    return module


def split_final(layers: tuple[Layer, ...]) -> tuple[tuple[Layer, ...], str]:
    """Return the layers without a final softmax or sigmoid, and that activation (or ``linear``)."""
    last = layers[-1]
    if isinstance(last, ActivationLayer) and last.activation in FINAL:
        return layers[:-1], last.activation
    if isinstance(last, WeightedLayer) and last.activation in FINAL:
        return (*layers[:-1], last.model_copy(update={"activation": "linear"})), last.activation
    return layers, "linear"


def _regularized(model: ModelSpec, input_shape: Shape) -> Iterator[tuple[str, Regularizer]]:
    from paribus.nn.initial import weight_specs

    for name, weight in weight_specs(model, input_shape):
        if weight.regularizer is not None:
            yield f"{name}/{weight.name}", weight.regularizer
