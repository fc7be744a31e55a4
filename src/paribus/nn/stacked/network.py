"""Several networks of one structure as a single program: every weight has a member axis.

The images of all members are concatenated in the batch axis, ``(member * n, channel, height, width)``, so
that layers without weights (pooling, activations) process all of them at once; layers with weights split the
axis. Members do not influence each other: each gives the same results as alone, up to rounding.

Source: the idea of horizontal fusion is Wang et al. 2021 (HFTA).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from paribus.nn.build import Network
from paribus.nn.stacked.chain import stacked_chain
from paribus.nn.stacked.form import ConvolutionWay, StackedKeyedModule, StackedModule, stacked_of

__all__ = ["ConvolutionWay", "StackedNetwork", "stack"]

Weights = Mapping[str, npt.NDArray[np.float32]]

stacked_of.load()


class StackedNetwork(nn.Module):
    """Networks of one structure that run together."""

    def __init__(self, networks: Sequence[Network], way: ConvolutionWay = "by shape") -> None:
        super().__init__()
        first = networks[0]
        self.num_members = len(networks)
        self.final_activation = first.final_activation
        self.probabilities: Callable[[Tensor], Tensor] = first.probabilities
        self.log_probabilities: Callable[[Tensor], Tensor] = first.log_probabilities
        self.chain = stacked_chain([network.chain for network in networks], way)
        self._penalties = _penalties(networks)

    def forward(self, x: Tensor) -> Tensor:
        """Return raw outputs ``(member * n, class)`` of ``(member * n, channel, height, width)``."""
        raw: Tensor = self.chain(x)
        return raw

    def begin_epoch(self, keys: Callable[[str], Sequence[int]]) -> None:
        """Set the keys of all layers with random draws.

        Args:
            keys: function of the layer name that returns one key per member.
        """
        for name, stage in self.named_stages():
            if isinstance(stage, StackedKeyedModule):
                stage.begin_epoch(keys(name))

    def penalty(self) -> Tensor | None:
        """Return the sum of all members' L1 and L2 penalties, a scalar; None if no weight has one."""
        tensors = self.weight_tensors()
        total: Tensor | None = None
        for name, power, factors in self._penalties:
            weight = tensors[name].flatten(1)
            term = weight.abs() if power == 1 else weight.square()
            part = (term.sum(1) * factors.to(weight.device)).sum()
            total = part if total is None else total + part
        return total

    def penalties(self) -> Tensor:
        """Return the penalty of each member, ``(member,)``, without gradient; 0 if there is none."""
        tensors = self.weight_tensors()
        total = torch.zeros(self.num_members, device=next(iter(tensors.values())).device)
        for name, power, factors in self._penalties:
            weight = tensors[name].detach().flatten(1)
            term = weight.abs() if power == 1 else weight.square()
            total = total + term.sum(1) * factors.to(weight.device)
        return total

    def named_stages(self) -> list[tuple[str, nn.Module]]:
        """Return (layer name, module), containers before their content."""
        return list(self.chain.named_stages())

    def weight_tensors(self) -> dict[str, Tensor]:
        """Return ``"layer/weight"`` -> ``(member, ...)``, parameters and running statistics."""
        return {
            f"{name}/{field}": getattr(stage, field)
            for name, stage in self.named_stages()
            if isinstance(stage, StackedModule)
            for field in stage.fields
        }

    def read_member(self, index: int) -> dict[str, npt.NDArray[np.float32]]:
        """Return a copy of one member's weights, as `paribus.nn.build.read_weights` does."""
        return {
            name: np.ascontiguousarray(tensor[index].detach().cpu().numpy(), np.float32).copy()
            for name, tensor in self.weight_tensors().items()
        }

    def load_member(self, index: int, weights: Weights) -> None:
        """Copy weights into one member."""
        with torch.no_grad():
            for name, tensor in self.weight_tensors().items():
                tensor[index].copy_(torch.from_numpy(np.array(weights[name])))


def stack(networks: Sequence[Network], way: ConvolutionWay = "by shape") -> StackedNetwork:
    """Join networks of one structure; dropout rates and penalties may differ.

    Args:
        networks: networks with their weights; they are not changed.
        way: algorithm of the convolutions.

    Raises:
        ValueError: their layers or shapes differ.
    """
    shapes = [
        {name: tuple(tensor.shape) for name, tensor in network.weight_tensors().items()}
        for network in networks
    ]
    kinds = [[type(stage) for _, stage in network.chain.named_stages()] for network in networks]
    if any(item != shapes[0] for item in shapes) or any(item != kinds[0] for item in kinds):
        raise ValueError("networks: must have one structure")
    return StackedNetwork(networks, way)


def _penalties(networks: Sequence[Network]) -> list[tuple[str, int, Tensor]]:
    """Return (weight, power, factor per member) of every penalty that some member has."""
    factors: dict[tuple[str, int], list[float]] = {}
    for index, network in enumerate(networks):
        names = {id(tensor): name for name, tensor in network.weight_tensors().items()}
        for weight, regularizer in network.penalties:
            for power, factor in ((1, regularizer.l1), (2, regularizer.l2)):
                if factor:
                    row = factors.setdefault((names[id(weight)], power), [0.0] * len(networks))
                    row[index] = factor
    return [(name, power, torch.tensor(row)) for (name, power), row in factors.items()]
