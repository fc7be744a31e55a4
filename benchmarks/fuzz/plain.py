"""The referee: a network in plain PyTorch, NCHW and contiguous, from the resolved settings alone.

Nothing here knows how paribus computes. A pass can be told three things: to keep the numbers at
kinks (relu at zero, the winner of max pooling), to take the other side of some of them, and to
round every layer's output and gradient at random as coarse arithmetic would.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from benchmarks.fuzz.plain_masks import dropout_factors

__all__ = ["Flip", "Pass", "PlainNetwork", "split_final"]

Settings = dict[str, Any]
Weights = Mapping[str, Tensor]
Flip = tuple[str, int]
"""A kink: its site, and the flat position in the site's output."""


class _Rounded(torch.autograd.Function):
    """Relative noise on every number, and on every gradient."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, level: float, generator: torch.Generator) -> Tensor:
        ctx.level, ctx.generator = level, generator
        return _noisy(x, level, generator)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        return _noisy(gradients[0], ctx.level, ctx.generator), None, None


def _noisy(x: Tensor, level: float, generator: torch.Generator) -> Tensor:
    """Zeros stay: they come from padding, relu and dropout, which do not round."""
    noise = torch.randn(x.shape, generator=generator, dtype=x.dtype)
    return x + level * noise * (x.abs() + (x != 0) * x.square().mean().sqrt())


@dataclass
class Pass:
    """How to run, and what was seen on the way."""

    training: bool = True
    profile: str = "keras"
    keys: Mapping[str, int] = field(default_factory=dict)
    """Layer name -> key of its dropout masks in this epoch."""
    used: Mapping[str, int] = field(default_factory=dict)
    """Layer name -> mask draws that earlier steps of the epoch have used."""
    level: float = 0.0
    """Relative size of the noise that stands for rounding."""
    coarse: Mapping[str, float] = field(default_factory=dict)
    """Layer name -> another level, for operators whose sums are known to be coarser."""
    noise: torch.Generator | None = None
    library: bool = False
    """Normalise by PyTorch's closed forms, whose gradients round otherwise than the definition's."""
    flips: frozenset[Flip] = frozenset()
    kinks: dict[str, Callable[[], Tensor]] | None = None
    """Site -> distances from the kink, if they are asked for."""
    statistics: dict[str, Tensor] = field(default_factory=dict)
    """Running statistics after the pass."""
    drawn: dict[str, int] = field(default_factory=dict)
    """Layer name -> mask draws of this pass."""

    def rounded(self, x: Tensor, name: str) -> Tensor:
        """Add the noise of one operation."""
        level = self.coarse.get(name, self.level) if self.level else 0.0
        if not level:
            return x
        y: Tensor = _Rounded.apply(x, level, self.noise)  # type: ignore[no-untyped-call]
        return y

    def shifted(self, x: Tensor, size: Tensor) -> Tensor:
        """Add noise of one operation on numbers of another size."""
        if not self.level:
            return x
        draw = torch.randn(x.shape, generator=self.noise, dtype=x.dtype)
        return x + self.level * draw * size

    def other_side(self, site: str, count: int) -> Tensor | None:
        """Return which positions of a site take the other side; None for none."""
        places = [position for name, position in self.flips if name == site]
        if not places:
            return None
        mask = torch.zeros(count, dtype=torch.bool)
        mask[places] = True
        return mask


def split_final(layers: Sequence[Settings]) -> tuple[list[Settings], str]:
    """Take a softmax or sigmoid that ends the network off, so that losses can work on logits."""
    kind, arguments = _choice(layers[-1])
    name = arguments.get("activation", "linear")
    if name not in ("softmax", "sigmoid") or kind == "Residual":
        return list(layers), "linear"
    if kind == "Activation":
        return list(layers[:-1]), name
    return [*layers[:-1], {kind: {**arguments, "activation": "linear"}}], name


def _choice(layer: Settings) -> tuple[str, Settings]:
    return next(iter(layer.items()))


class PlainNetwork:
    """Layers one after another; weights come from outside, as ``"layer/weight"``."""

    def __init__(self, model: Settings) -> None:
        self.profile: str = model["defaults"]
        self.layers, self.final = split_final(model["layers"])

    def __call__(self, x: Tensor, weights: Weights, how: Pass) -> Tensor:
        """Return raw outputs (n, class) of images (n, channel, height, width)."""
        return self._chain(x, self.layers, weights, how)

    def _chain(self, x: Tensor, layers: Sequence[Settings], weights: Weights, how: Pass) -> Tensor:
        for layer in layers:
            kind, arguments = _choice(layer)
            if kind == "Residual":
                x = self._residual(x, arguments, weights, how)
                continue
            own = {
                name.rsplit("/", 1)[1]: tensor
                for name, tensor in weights.items()
                if name.rsplit("/", 1)[0] == arguments["name"]
            }
            if arguments["name"] in how.coarse:
                x = how.rounded(x, arguments["name"])  # of the gradient of the images
            x = how.rounded(LAYERS[kind](x, arguments, own, how), arguments["name"])
            if kind != "Activation" and arguments.get("activation", "linear") != "linear":
                x = self._activation(x, arguments, how)
        return x

    def _activation(self, x: Tensor, arguments: Settings, how: Pass) -> Tensor:
        return how.rounded(_activation(x, arguments, {}, how), "")

    def _residual(self, x: Tensor, arguments: Settings, weights: Weights, how: Pass) -> Tensor:
        inner = self._chain(x, arguments["layers"], weights, how)
        around = self._chain(x, arguments.get("shortcut", ()), weights, how)
        total = how.rounded(inner + around, arguments["name"])
        return self._activation(total, arguments, how)


def _same(length: int, window: int, stride: int) -> tuple[int, int]:
    """Keras's ``same``: ceil(length / stride) outputs, the odd pixel behind."""
    missing = max(0, ((length + stride - 1) // stride - 1) * stride + window - length)
    return missing // 2, missing - missing // 2


def _pads(x: Tensor, window: Sequence[int], strides: Sequence[int], padding: object) -> list[int]:
    """Left, right, top, bottom."""
    if padding == "valid":
        return [0, 0, 0, 0]
    if isinstance(padding, int):
        return [padding] * 4
    vertical = _same(x.shape[2], window[0], strides[0])
    return [*_same(x.shape[3], window[1], strides[1]), *vertical]


def _convolution(x: Tensor, arguments: Settings, own: Weights, how: Pass) -> Tensor:
    size, strides = arguments["kernel_size"], tuple(arguments["strides"])
    x = F.pad(x, _pads(x, size, strides, arguments["padding"]))
    return F.conv2d(x, own["kernel"].contiguous(), own.get("bias"), strides)


def _depthwise(x: Tensor, arguments: Settings, own: Weights, how: Pass) -> Tensor:
    size, strides = arguments["kernel_size"], tuple(arguments["strides"])
    channels = x.shape[1]
    x = F.pad(x, _pads(x, size, strides, arguments["padding"]))
    return F.conv2d(x, own["kernel"], own.get("bias"), strides, groups=channels)


def _separable(x: Tensor, arguments: Settings, own: Weights, how: Pass) -> Tensor:
    alone = {"kernel": own["depthwise_kernel"]}
    x = how.rounded(_depthwise(x, arguments, alone, how), arguments["name"])
    return F.conv2d(x, own["pointwise_kernel"], own.get("bias"))


def _dense(x: Tensor, arguments: Settings, own: Weights, how: Pass) -> Tensor:
    y = x @ own["kernel"].T
    return y + own["bias"] if "bias" in own else y


def _flatten(x: Tensor, arguments: Settings, own: Weights, how: Pass) -> Tensor:
    return x.permute(0, 2, 3, 1).reshape(len(x), -1) if x.dim() == 4 else x


def _pool_geometry(x: Tensor, arguments: Settings) -> tuple[list[int], list[int], list[int]]:
    size = arguments["pool_size"]
    strides = arguments.get("strides") or size
    return size, strides, _pads(x, size, strides, arguments["padding"])


def _max_pooling(x: Tensor, arguments: Settings, own: Weights, how: Pass) -> Tensor:
    size, strides, pads = _pool_geometry(x, arguments)
    padded = F.pad(x, pads, value=float("-inf"))
    y, winners = F.max_pool2d(padded, size, strides, return_indices=True)
    site = f"{arguments['name']}/winner"
    if how.kinks is not None:
        how.kinks[site] = lambda: _gaps(padded.detach(), size, strides)[0]
    other = how.other_side(site, winners.numel())
    if other is None:
        return y
    second = _gaps(padded.detach(), size, strides)[1]
    chosen = torch.where(other.view_as(winners), second, winners)
    return padded.flatten(2).gather(2, chosen.flatten(2)).view_as(y)


def _gaps(x: Tensor, size: Sequence[int], strides: Sequence[int]) -> tuple[Tensor, Tensor]:
    """How far the second of each window is behind the first, and where it stands in the image."""
    windows = x.unfold(2, size[0], strides[0]).unfold(3, size[1], strides[1]).flatten(4)
    if windows.shape[4] == 1:
        gaps = torch.full(windows.shape[:4], float("inf"), dtype=x.dtype)
        return gaps, torch.zeros(gaps.shape, dtype=torch.int64)
    values, places = windows.topk(2, dim=4)
    rows = torch.arange(windows.shape[2])[:, None] * strides[0]
    columns = torch.arange(windows.shape[3])[None] * strides[1]
    second = places[..., 1]
    position = (rows + second // size[1]) * x.shape[3] + columns + second % size[1]
    return values[..., 0] - values[..., 1], position


def _average_pooling(x: Tensor, arguments: Settings, own: Weights, how: Pass) -> Tensor:
    size, strides, pads = _pool_geometry(x, arguments)
    inside = F.pad(torch.ones_like(x[:1, :1]), pads)
    cells = size[0] * size[1]
    count = F.avg_pool2d(inside, size, strides) * cells
    return F.avg_pool2d(F.pad(x, pads), size, strides) * cells / count


def _global_max(x: Tensor, arguments: Settings, own: Weights, how: Pass) -> Tensor:
    site = f"{arguments['name']}/winner"
    flat = x.flatten(2)
    if how.kinks is not None and flat.shape[2] > 1:
        values = flat.detach().topk(2, dim=2).values
        how.kinks[site] = lambda: values[..., 0] - values[..., 1]
    other = how.other_side(site, flat.shape[0] * flat.shape[1])
    if other is None:
        return flat.amax(2)
    places = flat.detach().topk(2, dim=2).indices
    chosen = torch.where(other.view(flat.shape[:2]), places[..., 1], places[..., 0])
    return flat.gather(2, chosen[..., None]).squeeze(2)


def _sloped(x: Tensor, slope: float, site: str, how: Pass) -> Tensor:
    """X above zero, slope * x elsewhere; which side of zero may be told."""
    if how.kinks is not None:
        distances = x.detach().abs()
        how.kinks[site] = lambda: distances
    above = x.detach() > 0
    other = how.other_side(site, x.numel())
    if other is not None:
        above = above ^ other.view_as(above)
    return torch.where(above, x, x * slope)


def _activation(x: Tensor, arguments: Settings, own: Weights, how: Pass) -> Tensor:
    name, site = arguments.get("activation", "linear"), f"{arguments['name']}/zero"
    match name:
        case "relu":
            return _sloped(x, 0.0, site, how)
        case "leaky_relu":
            slope = arguments.get("negative_slope", LEAKY_SLOPE[how.profile])
            return _sloped(x, slope, site, how)
        case "softmax":
            return torch.softmax(x, 1)
        case "linear":
            return x
        case (
            "gelu"
        ):  # 1 + erf cancels far below zero: its rounding is that of 1, also in the derivative
            return _SMOOTH[name](x) + how.shifted(torch.zeros_like(x), x)
        case _:
            return _SMOOTH[name](x)


LEAKY_SLOPE = {"keras": 0.2, "torch": 0.01}
"""Of the activation ``leaky_relu`` where settings leave it out."""
_SMOOTH: dict[str, Callable[[Tensor], Tensor]] = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "gelu": lambda x: x * 0.5 * (1 + torch.erf(x / 2**0.5)),
    "silu": lambda x: x * torch.sigmoid(x),
    "elu": lambda x: torch.where(x > 0, x, torch.expm1(x.clamp(max=0))),
    "softplus": lambda x: torch.logaddexp(x, torch.zeros_like(x)),
}


def _relu(x: Tensor, arguments: Settings, own: Weights, how: Pass) -> Tensor:
    return _sloped(x, 0.0, f"{arguments['name']}/zero", how)


def _leaky(x: Tensor, arguments: Settings, own: Weights, how: Pass) -> Tensor:
    return _sloped(x, arguments["negative_slope"], f"{arguments['name']}/zero", how)


def _rescaling(x: Tensor, arguments: Settings, own: Weights, how: Pass) -> Tensor:
    return x * arguments["scale"] + arguments["offset"]


def _zero_padding(x: Tensor, arguments: Settings, own: Weights, how: Pass) -> Tensor:
    (top, bottom), (left, right) = arguments["padding"]
    return F.pad(x, (left, right, top, bottom))


def _per_channel(value: Tensor, x: Tensor) -> Tensor:
    return value.view(1, -1, *[1] * (x.dim() - 2))


def _affine(y: Tensor, own: Weights) -> Tensor:
    if "gamma" in own:
        y = y * _per_channel(own["gamma"], y)
    return y + _per_channel(own["beta"], y) if "beta" in own else y


def _batch_normalization(x: Tensor, arguments: Settings, own: Weights, how: Pass) -> Tensor:
    over = [axis for axis in range(x.dim()) if axis != 1]
    epsilon, name = arguments["epsilon"], arguments["name"]
    mean, variance = (_per_channel(own[f"moving_{part}"], x) for part in ("mean", "variance"))
    if not how.training:
        return _affine((x - mean) / (variance + epsilon).sqrt(), own)
    y, seen = _standardized(x, over, epsilon, how)
    if how.library:
        y = torch.batch_norm(x, None, None, None, None, True, 0.0, epsilon, False)
    count, kept = x.numel() // x.shape[1], arguments["momentum"]
    if arguments["unbiased"] and count > 1:
        seen = (seen[0], seen[1] * count / (count - 1))
    for part, old, new in zip(("mean", "variance"), (mean, variance), seen, strict=True):
        moved = old * kept + new.detach() * (1 - kept)
        how.statistics[f"{name}/moving_{part}"] = moved.flatten()
    return _affine(y, own)


def _standardized(
    x: Tensor, over: Sequence[int], epsilon: float, how: Pass
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Return (x - mean) / sqrt(variance + epsilon), and mean and variance; each step is rounded.

    The mean also by what the numbers are rounded that are added up: libraries compute
    ``x * scale - mean * scale``, whose rounding is as large as that of x, however near they are.
    """
    mean = how.rounded(x.mean(over, keepdim=True), "")
    mean = how.shifted(mean, x.detach().square().mean(over, keepdim=True).sqrt())
    centred = how.rounded(x - mean, "")
    variance = how.rounded(centred.square().mean(over, keepdim=True), "")
    y = how.rounded(centred / (variance + epsilon).sqrt(), "")
    return y, (mean, variance)


def _layer_normalization(x: Tensor, arguments: Settings, own: Weights, how: Pass) -> Tensor:
    epsilon = arguments["epsilon"]
    if how.library:
        last, own_two = x.movedim(1, -1), (own.get("gamma"), own.get("beta"))
        return torch.layer_norm(last, (x.shape[1],), *own_two, epsilon).movedim(-1, 1)
    return _affine(_standardized(x, (1,), epsilon, how)[0], own)


def _group_normalization(x: Tensor, arguments: Settings, own: Weights, how: Pass) -> Tensor:
    if how.library and x.numel() > len(x) * arguments["groups"]:
        y = torch.nn.functional.group_norm(x, arguments["groups"], eps=arguments["epsilon"])
        return _affine(y, own)
    parts = x.reshape(len(x), arguments["groups"], -1)
    return _affine(_standardized(parts, (2,), arguments["epsilon"], how)[0].view(x.shape), own)


def _dropout(x: Tensor, arguments: Settings, own: Weights, how: Pass) -> Tensor:
    return _masked(x, arguments, how, whole_channels=False)


def _spatial_dropout(x: Tensor, arguments: Settings, own: Weights, how: Pass) -> Tensor:
    return _masked(x, arguments, how, whole_channels=True)


def _masked(x: Tensor, arguments: Settings, how: Pass, *, whole_channels: bool) -> Tensor:
    """Masks are drawn example by example, row by row, channels last."""
    name, rate = arguments["name"], arguments["rate"]
    if not how.training or not rate:
        return x
    n, channels = x.shape[:2]
    shape = (n, channels) if whole_channels else (n, *x.shape[2:], channels)
    factors, draws = dropout_factors(shape, rate, how.keys[name], how.used.get(name, 0))
    how.drawn[name] = draws
    mask = torch.from_numpy(factors).to(x.dtype)
    if whole_channels:
        return x * mask[:, :, None, None]
    return x * mask.movedim(-1, 1)


def _nothing(x: Tensor, arguments: Settings, own: Weights, how: Pass) -> Tensor:
    return x


LAYERS: dict[str, Callable[[Tensor, Settings, Weights, Pass], Tensor]] = {
    "Activation": _activation,
    "AveragePooling2D": _average_pooling,
    "BatchNormalization": _batch_normalization,
    "Conv2D": _convolution,
    "Dense": _dense,
    "DepthwiseConv2D": _depthwise,
    "Dropout": _dropout,
    "Flatten": _flatten,
    "GlobalAveragePooling2D": lambda x, arguments, own, how: x.mean((2, 3)),
    "GlobalMaxPooling2D": _global_max,
    "GroupNormalization": _group_normalization,
    "Input": _nothing,
    "LayerNormalization": _layer_normalization,
    "LeakyReLU": _leaky,
    "MaxPooling2D": _max_pooling,
    "ReLU": _relu,
    "Rescaling": _rescaling,
    "SeparableConv2D": _separable,
    "SpatialDropout2D": _spatial_dropout,
    "ZeroPadding2D": _zero_padding,
}
