"""Construction of a torch module from a resolved model, and transfer of weights to and from it.

Layers become modules in `paribus.nn.modules.chain`. A final softmax or sigmoid is split off, so that
losses can work on logits.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from paribus.keyed import key
from paribus.nn.initial import weight_specs
from paribus.nn.layer import Layer, Regularizer, WeightedLayer
from paribus.nn.layers.activation import Activation as ActivationLayer
from paribus.nn.modules.activation import activate
from paribus.nn.modules.chain import Chain, build_chain
from paribus.nn.modules.form import KeyedModule, module_of
from paribus.nn.spec import ModelSpec
from paribus.records import Shape

__all__ = ["Network", "build_network", "load_weights", "read_weights", "split_final"]

FINAL = ("softmax", "sigmoid")

module_of.load()


class Network(nn.Module):
    """The torch module of a whole model, with its penalty and keyed dropout."""

    def __init__(self, chain: Chain, final_activation: str) -> None:
        super().__init__()
        self.chain = chain
        self.final_activation = final_activation
        self.penalties: list[tuple[Tensor, Regularizer]] = []

    def forward(self, x: Tensor) -> Tensor:
        """Return raw outputs (n, class), the inputs of the final softmax or sigmoid."""
        raw: Tensor = self.chain(x)
        return raw

    @contextlib.contextmanager
    def one_by_one(self) -> Iterator[None]:
        """Turn fusion off within a ``with`` block, so that module hooks are called for each module."""
        chains = [module for module in self.modules() if isinstance(module, Chain)]
        for chain in chains:
            chain.fused = False
        try:
            yield
        finally:
            for chain in chains:
                chain.fused = True

    def outputs(self, raw: Tensor) -> Tensor:
        """Apply the final activation to raw outputs (n, class)."""
        return activate(raw, self.final_activation)

    def probabilities(self, raw: Tensor) -> Tensor:
        """Return class probabilities (n, class); a model without final activation gives logits."""
        if self.final_activation == "linear":
            return torch.softmax(raw, 1)
        values = self.outputs(raw)
        if self.final_activation == "softmax":
            return values
        total = values.sum(1, keepdim=True)
        # If all sigmoids underflow, their ratios follow from the logarithms.
        return torch.where(total > 0, values / total, self.log_probabilities(raw).exp())

    def log_probabilities(self, raw: Tensor) -> Tensor:
        """Return log probabilities (n, class), finite even if probabilities underflow."""
        if self.final_activation == "sigmoid":
            raw = torch.nn.functional.logsigmoid(raw)
        return torch.log_softmax(raw, 1)

    def penalty(self) -> Tensor | None:
        """Return the sum of all L1 and L2 penalties, a scalar; None if no weight has one."""
        total: Tensor | None = None
        for weight, regularizer in self.penalties:
            for factor, term in ((regularizer.l1, weight.abs), (regularizer.l2, weight.square)):
                if factor:
                    part = factor * term().sum()
                    total = part if total is None else total + part
        return total

    def begin_epoch(self, seed: int, epoch: int) -> None:
        """Set the keys of all layers with random draws from (seed, layer name, epoch)."""
        for name, stage in self.chain.named_stages():
            if isinstance(stage, KeyedModule):
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


def load_weights(network: Network, weights: Mapping[str, npt.NDArray[np.float32]]) -> None:
    """Copy weights into a network.

    Raises:
        KeyError: the names of weights differ.
        ValueError: the shapes of a weight differ.
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


def split_final(layers: tuple[Layer, ...]) -> tuple[tuple[Layer, ...], str]:
    """Return the layers without a final softmax or sigmoid, and that activation (or ``linear``)."""
    last = layers[-1]
    if isinstance(last, ActivationLayer) and last.activation in FINAL:
        return layers[:-1], last.activation
    if isinstance(last, WeightedLayer) and last.activation in FINAL:
        return (*layers[:-1], last.model_copy(update={"activation": "linear"})), last.activation
    return layers, "linear"


def _regularized(model: ModelSpec, input_shape: Shape) -> Iterator[tuple[str, Regularizer]]:
    for name, weight in weight_specs(model, input_shape):
        if weight.regularizer is not None:
            yield f"{name}/{weight.name}", weight.regularizer
