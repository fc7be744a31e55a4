"""Several networks of one structure as a single program: every weight carries a member axis.

Images of all members stand one after another in the batch axis, ``(member * n, channel, height,
width)``, so that what has no weights (pooling, activations) runs on all of them at once; layers
with weights see the member axis. Members share no number: each computes what it computes alone, up
to rounding.

Source: the idea of horizontal fusion is Wang et al. 2021 (HFTA).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from paribus.nn import modules
from paribus.nn.build import Chain, Network
from paribus.nn.operators.convolution import conv2d
from paribus.nn.operators.dropout import stacked_factors
from paribus.nn.operators.memory import usual_steps

__all__ = ["ConvolutionWay", "StackedNetwork", "stack"]

ConvolutionWay = Literal["by shape", "products", "grouped", "each"]
"""Convolve by one batched matrix product over patches, by one grouped convolution, or member by
member. ``by shape``: grouped for layers of few channels, member by member for others."""

FEW_KERNELS = 256
"""Input channels times filters, up to which all members share one grouped convolution: faster there on a
GPU, with few exceptions, than one convolution each (`benchmarks.stacked_convolutions`)."""

Weights = Mapping[str, npt.NDArray[np.float32]]


class StackedModule(nn.Module):
    """A module of all members; ``stacked`` holds its tensors as (member, ...) views."""

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
        """Return ``(member, ...)``."""
        value: Tensor = getattr(self, name)
        return value

    def optional(self, name: str) -> Tensor | None:
        """Return ``(member, ...)``, or None if the layer has no such weight."""
        return self.tensor(name) if name in self.fields else None

    def split(self, x: Tensor) -> Tensor:
        """``(member * n, ...)`` to ``(member, n, ...)``."""
        return x.unflatten(0, (self.num_members, -1))  # type: ignore[no-untyped-call,no-any-return]

    def per_channel(self, x: Tensor, name: str) -> Tensor | None:
        """Return a weight ``(member, channel)`` so that it broadcasts against ``split(x)``."""
        value = self.optional(name)
        if value is None:
            return None
        return value.view(self.num_members, 1, -1, *[1] * (x.dim() - 2))


class _Convolution(StackedModule):
    def __init__(self, members: Sequence[Any], way: ConvolutionWay) -> None:
        super().__init__(members)
        first = members[0]
        self.separable = isinstance(first, modules.SeparableConvolution)
        self.before, self.padding = first.before, first.padding
        self.strides, self.groups, self.way = first.strides, first.groups, way
        if way == "by shape" and not self.separable:
            filters, channels = self.tensor("kernel").shape[1:3]
            self.way = "grouped" if filters * channels <= FEW_KERNELS else "each"

    def forward(self, x: Tensor) -> Tensor:
        if self.before is not None:
            x = F.pad(x, self.before)
        if self.separable:
            x = self._grouped(x, "depthwise_kernel", None)
            return self._products(x, "pointwise_kernel", (1, 1), (0, 0))
        if self.groups > 1 or self.way == "grouped":
            return self._grouped(x, "kernel", "bias")
        if self.way == "each":
            return self._each(x)
        return self._products(x, "kernel", self.strides, self.padding)

    def _grouped(self, x: Tensor, kernel: str, bias: str | None) -> Tensor:
        weight, shift = self.tensor(kernel), self.optional(bias) if bias else None
        y = conv2d(
            _members_to_channels(x, self.num_members),
            weight.flatten(0, 1),
            None if shift is None else shift.flatten(),
            self.strides,
            self.padding,
            groups=self.num_members * self.groups,
        )
        return _channels_to_members(y, self.num_members)

    def _each(self, x: Tensor) -> Tensor:
        kernels, bias = self.tensor("kernel"), self.optional("bias")
        parts = [
            conv2d(part, kernels[i], None if bias is None else bias[i], self.strides, self.padding)
            for i, part in enumerate(x.chunk(self.num_members))
        ]
        return torch.cat(parts)

    def _products(
        self, x: Tensor, kernel: str, strides: tuple[int, int], padding: tuple[int, int]
    ) -> Tensor:
        weight = self.tensor(kernel)
        filters, height, width = weight.shape[1], weight.shape[3], weight.shape[4]
        if any(padding):
            x = F.pad(x, (padding[1], padding[1], padding[0], padding[0]))
        patches: Tensor = _Patches.apply(x, (height, width), strides)  # type: ignore[no-untyped-call]
        out = patches.shape[1:3]
        rows = patches.reshape(self.num_members, -1, patches.shape[3])
        columns = weight.permute(0, 3, 4, 2, 1).reshape(self.num_members, -1, filters)
        bias = self.optional("bias")
        y = (
            torch.bmm(rows, columns)
            if bias is None
            else torch.baddbmm(bias[:, None], rows, columns)
        )
        return y.view(-1, *out, filters).permute(0, 3, 1, 2)


class _Patches(torch.autograd.Function):
    """Patches of channels_last images: (b, c, h, w) -> (b, rows, columns, height * width * c)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, size: tuple[int, int], strides: tuple[int, int]) -> Tensor:
        ctx.shape, ctx.size, ctx.strides = x.shape, size, strides
        windows = (
            x.permute(0, 2, 3, 1).unfold(1, size[0], strides[0]).unfold(2, size[1], strides[1])
        )
        rows, columns = windows.shape[1:3]
        return windows.permute(0, 1, 2, 4, 5, 3).reshape(x.shape[0], rows, columns, -1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, None, None]:
        if not ctx.needs_input_grad[0]:
            return None, None, None
        batch, channels, height, width = ctx.shape
        rows, columns = gradients[0].shape[1:3]
        parts = gradients[0].reshape(batch, rows, columns, *ctx.size, channels)
        total = gradients[0].new_zeros(batch, height, width, channels)
        down, right = ctx.strides
        for i in range(ctx.size[0]):
            for j in range(ctx.size[1]):
                place = total[:, i : i + down * rows : down, j : j + right * columns : right]
                place += parts[:, :, :, i, j]
        return total.permute(0, 3, 1, 2), None, None


def _members_to_channels(x: Tensor, members: int) -> Tensor:
    """``(member * n, c, ...)`` to ``(n, member * c, ...)``."""
    return usual_steps(x.view(members, -1, *x.shape[1:]).transpose(0, 1).flatten(1, 2))


def _channels_to_members(y: Tensor, members: int) -> Tensor:
    """``(n, member * c, ...)`` to ``(member * n, c, ...)``."""
    if len(y) == 1 and y.requires_grad:
        y.register_hook(usual_steps)  # type: ignore[no-untyped-call]
    return y.view(len(y), members, -1, *y.shape[2:]).transpose(0, 1).flatten(0, 1)


class _Product(StackedModule):
    def forward(self, x: Tensor) -> Tensor:
        rows, columns = self.split(x), self.tensor("kernel").transpose(1, 2)
        bias = self.optional("bias")
        y = (
            torch.bmm(rows, columns)
            if bias is None
            else torch.baddbmm(bias[:, None], rows, columns)
        )
        return y.flatten(0, 1)


class _BatchNorm(StackedModule):
    """Statistics of (member, channel) pairs are what `modules.BatchNorm` does to channels."""

    def __init__(self, members: Sequence[Any]) -> None:
        super().__init__(members)
        first = members[0]
        self.formula = modules.BatchNorm(first.momentum, first.epsilon, unbiased=first.unbiased)

    def forward(self, x: Tensor) -> Tensor:
        gamma, beta = self.optional("gamma"), self.optional("beta")
        y = self.formula.normalised(
            _members_to_channels(x, self.num_members),
            None if gamma is None else gamma.flatten(),
            None if beta is None else beta.flatten(),
            self.tensor("moving_mean").view(-1),
            self.tensor("moving_variance").view(-1),
        )
        return _channels_to_members(y, self.num_members)


class _PerExampleNorm(StackedModule):
    """Layer and group normalisation: the same for all members but for gamma and beta."""

    def __init__(self, members: Sequence[Any], plain: nn.Module) -> None:
        super().__init__(members)
        self.plain = plain

    def forward(self, x: Tensor) -> Tensor:
        y = self.split(self.plain(x))
        gamma, beta = self.per_channel(x, "gamma"), self.per_channel(x, "beta")
        if gamma is not None:
            y = y * gamma
        if beta is not None:
            y = y + beta
        return y.flatten(0, 1)


class StackedDropout(StackedModule):
    """Each member's own keyed masks, at its own rate; the same bits as alone."""

    keys: Tensor
    used: Tensor
    thresholds: Tensor
    scales: Tensor

    def __init__(self, members: Sequence[Any]) -> None:
        super().__init__(members)
        self.spatial = members[0].spatial
        self.active = any(member.threshold for member in members)
        self.register_buffer("keys", torch.zeros(len(members), dtype=torch.int64))
        self.register_buffer("used", torch.zeros((), dtype=torch.int64))
        self.register_buffer("thresholds", torch.tensor([item.threshold for item in members]))
        self.register_buffer("scales", torch.tensor([item.scale for item in members]))

    def begin_epoch(self, keys: Sequence[int]) -> None:
        """Key the draws of the coming epoch, one key per member."""
        signed = [(key + (1 << 63)) % (1 << 64) - (1 << 63) for key in keys]
        self.keys.copy_(torch.tensor(signed, dtype=torch.int64))
        self.used.zero_()

    def forward(self, x: Tensor) -> Tensor:
        """Multiply by a mask in training."""
        if not self.training or not self.active:
            return x
        whole = not self.spatial or x.dim() != 4
        n = x.shape[0] // self.num_members
        shape = (n, *x.shape[2:], x.shape[1]) if whole else (n, x.shape[1])
        factors = stacked_factors(shape, self.keys, self.used, self.thresholds, self.scales)
        self.used += (torch.Size(shape).numel() + 3) // 4
        factors = factors.flatten(0, 1)
        if x.dim() == 4:
            factors = factors.permute(0, 3, 1, 2) if whole else factors[:, :, None, None]
        return (x * factors).to(x.dtype)


class _Residual(nn.Module):
    def __init__(self, members: Sequence[Any], way: ConvolutionWay) -> None:
        super().__init__()
        self.inner = modules.ResidualSum(
            _stacked_chain([member.layers for member in members], way),
            _stacked_chain([member.shortcut for member in members], way),
            members[0].activation,
        )

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.inner(x)
        return result


_ALIKE = (
    modules.Activation,
    modules.AveragePooling,
    modules.Flatten,
    modules.GlobalPooling,
    modules.MaxPooling,
    modules.Rescale,
    modules.ZeroPadding,
    nn.Identity,
    nn.LeakyReLU,
)
"""Without weights: all members' images go through one of them."""


def _stacked(members: Sequence[Any], way: ConvolutionWay) -> nn.Module:
    first = members[0]
    match first:
        case modules.Convolution() | modules.SeparableConvolution():
            return _Convolution(members, way)
        case modules.Product():
            return _Product(members)
        case modules.BatchNorm():
            return _BatchNorm(members)
        case modules.LayerNorm():
            return _PerExampleNorm(members, modules.LayerNorm(first.epsilon))
        case modules.GroupNorm():
            return _PerExampleNorm(members, modules.GroupNorm(first.groups, first.epsilon))
        case modules.Dropout():
            return StackedDropout(members)
        case modules.ResidualSum():
            return _Residual(members, way)
        case _ if isinstance(first, _ALIKE):
            return first
    raise TypeError(f"{type(first).__name__} has no stacked form")


def _stacked_chain(members: Sequence[Any], way: ConvolutionWay) -> Chain:
    chains = [member for member in members if isinstance(member, Chain)]
    stages = [
        (name, _stacked([chain.stages[index] for chain in chains], way))
        for index, name in enumerate(chains[0].names)
    ]
    return Chain(stages)


class StackedNetwork(nn.Module):
    """Networks of one structure that run together."""

    def __init__(self, networks: Sequence[Network], way: ConvolutionWay = "by shape") -> None:
        super().__init__()
        first = networks[0]
        self.num_members = len(networks)
        self.final_activation = first.final_activation
        self.probabilities: Callable[[Tensor], Tensor] = first.probabilities
        self.log_probabilities: Callable[[Tensor], Tensor] = first.log_probabilities
        self.chain = _stacked_chain([network.chain for network in networks], way)
        self._penalties = _penalties(networks)

    def forward(self, x: Tensor) -> Tensor:
        """Return raw outputs ``(member * n, class)`` of ``(member * n, channel, height, width)``."""
        raw: Tensor = self.chain(x)
        return raw

    def begin_epoch(self, keys: Callable[[str], Sequence[int]]) -> None:
        """Key every dropout layer.

        Args:
            keys: layer name -> one key per member.
        """
        for name, stage in self.named_stages():
            if isinstance(stage, StackedDropout):
                stage.begin_epoch(keys(name))

    def penalty(self) -> Tensor | None:
        """Return the sum of all members' L1 and L2 penalties, or None when there is none."""
        tensors = self.weight_tensors()
        total: Tensor | None = None
        for name, power, factors in self._penalties:
            weight = tensors[name].flatten(1)
            term = weight.abs() if power == 1 else weight.square()
            part = (term.sum(1) * factors.to(weight.device)).sum()
            total = part if total is None else total + part
        return total

    def penalties(self) -> Tensor:
        """Return the penalty of each member ``(member,)``, for records; zeros where there is none."""
        tensors = self.weight_tensors()
        total = torch.zeros(self.num_members, device=next(iter(tensors.values())).device)
        for name, power, factors in self._penalties:
            weight = tensors[name].detach().flatten(1)
            term = weight.abs() if power == 1 else weight.square()
            total = total + term.sum(1) * factors.to(weight.device)
        return total

    def named_stages(self) -> list[tuple[str, nn.Module]]:
        """Return (layer name, module), containers before what they hold."""
        found: list[tuple[str, nn.Module]] = []

        def walk(chain: Chain) -> None:
            for name, stage in zip(chain.names, chain.stages, strict=True):
                found.append((name, stage))
                if isinstance(stage, _Residual):
                    walk(stage.inner.layers)  # type: ignore[arg-type]
                    walk(stage.inner.shortcut)  # type: ignore[arg-type]

        walk(self.chain)
        return found

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
        networks: built and loaded; they are not changed.
        way: how to convolve.

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
