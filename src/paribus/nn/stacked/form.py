"""Registry of the layers' stacked forms, and their base classes.

The images of all members are concatenated in the batch axis, ``(member * n, channel, height, width)``, so that
layers without weights (pooling, activations) process all of them at once; layers with weights split the axis.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

from paribus.nn.layer import Layer
from paribus.nn.operators.memory import usual_steps
from paribus.nn.registry import Forms

__all__ = [
    "ConvolutionWay",
    "StackedKeyedModule",
    "StackedModule",
    "channels_to_members",
    "members_to_channels",
    "stacked_of",
    "the_same",
]

ConvolutionWay = Literal["by shape", "products", "grouped", "each"]
"""Convolve by one batched matrix product over patches, by one grouped convolution, or member by
member. ``by shape``: grouped for layers of few channels, member by member for others."""

stacked_of: Forms[[Sequence[Any], ConvolutionWay], nn.Module] = Forms(
    "paribus.nn.stacked", "stacked form"
)
"""``stacked_of(layer, members, way)`` joins the modules of one layer, one per member."""


class StackedModule(nn.Module):
    """A module that computes a layer of all members; the first axis of its tensors is the member."""

    def __init__(self, members: Sequence[Any]) -> None:
        super().__init__()
        self.num_members = len(members)
        self.fields: list[str] = []
        for name, _ in (
            *members[0].named_parameters(recurse=False),
            *members[0].named_buffers(recurse=False),
        ):
            tensors = [getattr(member, name).detach() for member in members]
            joined = torch.stack([tensor.contiguous() for tensor in tensors])
            if isinstance(getattr(members[0], name), nn.Parameter):
                self.register_parameter(name, nn.Parameter(joined))
            else:
                self.register_buffer(name, joined)
            self.fields.append(name)

    def tensor(self, name: str) -> Tensor:
        """Return a stacked tensor, ``(member, ...)``, by its name."""
        value: Tensor = getattr(self, name)
        return value

    def optional(self, name: str) -> Tensor | None:
        """Return a stacked tensor, ``(member, ...)``; None if the layer has no such weight."""
        return self.tensor(name) if name in self.fields else None

    def split(self, x: Tensor) -> Tensor:
        """Reshape ``(member * n, ...)`` to ``(member, n, ...)``."""
        return x.unflatten(0, (self.num_members, -1))  # type: ignore[no-untyped-call,no-any-return]

    def per_channel(self, x: Tensor, name: str) -> Tensor | None:
        """Return a weight ``(member, channel)`` so that it broadcasts against ``split(x)``."""
        value = self.optional(name)
        if value is None:
            return None
        return value.view(self.num_members, 1, -1, *[1] * (x.dim() - 2))


class StackedKeyedModule(StackedModule, ABC):
    """A module of all members with random draws, which get new keys for every epoch."""

    @abstractmethod
    def begin_epoch(self, keys: Sequence[int]) -> None:
        """Set the keys of the next epoch's random draws, one per member."""


def the_same(layer: Layer, members: Sequence[Any], way: ConvolutionWay) -> nn.Module:
    """Return the first member's module, which has no weights and so can process the images of all members."""
    module: nn.Module = members[0]
    return module


def members_to_channels(x: Tensor, members: int) -> Tensor:
    """Turn ``(member * n, c, ...)`` into ``(n, member * c, ...)``."""
    return usual_steps(x.view(members, -1, *x.shape[1:]).transpose(0, 1).flatten(1, 2))


def channels_to_members(y: Tensor, members: int) -> Tensor:
    """Turn ``(n, member * c, ...)`` into ``(member * n, c, ...)``."""
    if len(y) == 1 and y.requires_grad:
        y.register_hook(usual_steps)  # type: ignore[no-untyped-call]
    return y.view(len(y), members, -1, *y.shape[2:]).transpose(0, 1).flatten(0, 1)
