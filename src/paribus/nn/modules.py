"""The torch half of the layers. Images are NCHW tensors, best in channels_last memory.

Weights are attached by `paribus.nn.build` under the names of the layer's `WeightSpec`; a missing
bias or gamma stays None. Activations work in place where autograd does not need what they replace.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from paribus.nn.layer import KERAS_SLOPE
from paribus.nn.operators.convolution import conv2d, convolve
from paribus.nn.operators.dropout import keyed_dropout, keyed_factors
from paribus.nn.operators.pooling import max_pool
from paribus.nn.operators.product import linear

__all__ = [
    "Activation",
    "AveragePooling",
    "BatchNorm",
    "Convolution",
    "Dropout",
    "Flatten",
    "GlobalPooling",
    "GroupNorm",
    "LayerNorm",
    "MaxPooling",
    "Product",
    "Rescale",
    "ResidualSum",
    "SeparableConvolution",
    "ZeroPadding",
    "activate",
]

Pads = tuple[int, int, int, int]
"""Left, right, top, bottom."""


def activate(x: Tensor, name: str, *, inplace: bool = False, slope: float = KERAS_SLOPE) -> Tensor:
    """Apply an activation by name; ``inplace`` only where nobody else holds ``x``.

    Args:
        x: any shape.
        name: of `paribus.nn.layer.ACTIVATIONS`.
        inplace: whether ``x`` may be overwritten.
        slope: of ``leaky_relu`` for negative numbers.
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
        """Apply it."""
        return activate(x, self.name, inplace=self.inplace, slope=self.slope)


def _split_pads(pads: Pads) -> tuple[Pads | None, tuple[int, int]]:
    """Let the convolution pad where both sides are equal; otherwise pad before it."""
    left, right, top, bottom = pads
    if left == right and top == bottom:
        return None, (top, left)
    return pads, (0, 0)


class Convolution(nn.Module):
    """conv2d with optional asymmetric padding; ``kernel`` (out, in, h, w), ``bias`` (out,)."""

    kernel: Tensor
    bias: Tensor | None

    def __init__(self, pads: Pads, strides: tuple[int, int], *, groups: int) -> None:
        super().__init__()
        self.pads = pads
        self.before, self.padding = _split_pads(pads)
        self.strides, self.groups = strides, groups
        self.register_parameter("bias", None)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve."""
        if self.before is not None:
            x = F.pad(x, self.before)
        if self.groups == 1:
            return convolve(x, self.kernel, self.bias, self.strides, self.padding)
        return conv2d(x, self.kernel, self.bias, self.strides, self.padding, groups=self.groups)


class SeparableConvolution(nn.Module):
    """A grouped convolution, then a 1x1 convolution with the bias."""

    depthwise_kernel: Tensor
    pointwise_kernel: Tensor
    bias: Tensor | None

    def __init__(self, pads: Pads, strides: tuple[int, int], *, groups: int) -> None:
        super().__init__()
        self.before, self.padding = _split_pads(pads)
        self.strides, self.groups = strides, groups
        self.register_parameter("bias", None)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve twice."""
        if self.before is not None:
            x = F.pad(x, self.before)
        kernel, strides, padding = self.depthwise_kernel, self.strides, self.padding
        x = conv2d(x, kernel, None, strides, padding, groups=self.groups)
        return conv2d(x, self.pointwise_kernel, self.bias)


class Product(nn.Module):
    """x @ kernel.T + bias."""

    kernel: Tensor
    bias: Tensor | None

    def __init__(self) -> None:
        super().__init__()
        self.register_parameter("bias", None)

    def forward(self, x: Tensor) -> Tensor:
        """Multiply."""
        return linear(x, self.kernel, self.bias)


class Flatten(nn.Module):
    """(n, c, h, w) to (n, h * w * c); a view where the memory is channels_last."""

    def forward(self, x: Tensor) -> Tensor:
        """Flatten in the order height, width, channel."""
        return x.permute(0, 2, 3, 1).flatten(1) if x.dim() == 4 else x.flatten(1)


class MaxPooling(nn.Module):
    """max_pool2d; padding counts as -inf. ``relu`` clips the result in the same pass."""

    def __init__(self, size: tuple[int, int], strides: tuple[int, int], pads: Pads) -> None:
        super().__init__()
        self.size, self.strides, self.pads = size, strides, pads if any(pads) else None

    @property
    def plain(self) -> bool:
        """Whether windows neither overlap nor reach beyond the image."""
        return self.pads is None and self.size == self.strides

    def forward(self, x: Tensor, *, relu: bool = False) -> Tensor:
        """Pool."""
        if self.pads is not None:
            x = F.pad(x, self.pads, value=float("-inf"))
        return max_pool(x, self.size, self.strides, relu=relu)


class AveragePooling(nn.Module):
    """avg_pool2d; padded pixels do not count in the mean."""

    def __init__(self, size: tuple[int, int], strides: tuple[int, int], pads: Pads) -> None:
        super().__init__()
        self.size, self.strides, self.pads = size, strides, pads if any(pads) else None

    def forward(self, x: Tensor) -> Tensor:
        """Pool."""
        if self.pads is None:
            return F.avg_pool2d(x, self.size, self.strides)
        inside = torch.ones_like(x[:1, :1])
        total = F.avg_pool2d(F.pad(x, self.pads), self.size, self.strides)
        return total / F.avg_pool2d(F.pad(inside, self.pads), self.size, self.strides)


class GlobalPooling(nn.Module):
    """Mean or maximum over height and width."""

    def __init__(self, kind: Literal["mean", "max"]) -> None:
        super().__init__()
        self.kind = kind

    def forward(self, x: Tensor) -> Tensor:
        """Pool."""
        return x.mean((2, 3)) if self.kind == "mean" else x.amax((2, 3))


class ZeroPadding(nn.Module):
    """Zeros around the image."""

    def __init__(self, pads: Pads) -> None:
        super().__init__()
        self.pads = pads

    def forward(self, x: Tensor) -> Tensor:
        """Pad."""
        return F.pad(x, self.pads)


class Rescale(nn.Module):
    """x * scale + offset."""

    def __init__(self, scale: float, offset: float) -> None:
        super().__init__()
        self.scale, self.offset = scale, offset

    def forward(self, x: Tensor) -> Tensor:
        """Multiply and add."""
        return x * self.scale + self.offset if self.offset else x * self.scale


class BatchNorm(nn.Module):
    """Batch normalisation; ``momentum`` is the share of the old running value that is kept."""

    gamma: Tensor | None
    beta: Tensor | None
    moving_mean: Tensor
    moving_variance: Tensor

    def __init__(self, momentum: float, epsilon: float, *, unbiased: bool) -> None:
        super().__init__()
        self.momentum, self.epsilon, self.unbiased = momentum, epsilon, unbiased
        self.register_parameter("gamma", None)
        self.register_parameter("beta", None)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise by the batch in training, by the running statistics otherwise."""
        return self.normalised(x, self.gamma, self.beta, self.moving_mean, self.moving_variance)

    def normalised(
        self,
        x: Tensor,
        gamma: Tensor | None,
        beta: Tensor | None,
        mean: Tensor,
        variance: Tensor,
    ) -> Tensor:
        """Apply the formula with given weights, each ``(channel,)``; moves ``mean``, ``variance``."""
        weights = (gamma, beta, mean)
        if not self.training:
            return self._normalise(x, weights, variance, training=False)
        count = x.numel() // x.shape[1]
        if count == 1:
            return self._single(x, (gamma, beta), mean, variance)
        if self.unbiased:
            return self._normalise(x, weights, variance, training=True)
        # torch moves its running value towards the sample variance; Keras towards the batch's own.
        kept = variance * self.momentum
        updated = variance.clone()
        y = self._normalise(x, weights, updated, training=True)
        variance.copy_((updated - kept) * ((count - 1) / count) + kept)
        return y

    def _normalise(
        self,
        x: Tensor,
        weights: tuple[Tensor | None, Tensor | None, Tensor],
        variance: Tensor,
        *,
        training: bool,
    ) -> Tensor:
        gamma, beta, mean = weights
        move, kernel = 1 - self.momentum, torch.backends.cudnn.enabled
        return torch.batch_norm(
            x, gamma, beta, mean, variance, training, move, self.epsilon, kernel
        )

    def _single(
        self,
        x: Tensor,
        weights: tuple[Tensor | None, Tensor | None],
        mean: Tensor,
        variance: Tensor,
    ) -> Tensor:
        """One value per channel is its own mean: the output is beta whatever x is, and no gradient passes."""
        gamma, beta = weights
        with torch.no_grad():
            mean.lerp_(x.detach().flatten(), 1 - self.momentum)
            variance.mul_(self.momentum)
        shape = (1, -1, *[1] * (x.dim() - 2))
        y = (x - x.detach()) * 0.0  # so that x stays a part of the graph
        y = y if gamma is None else y * gamma.view(shape)
        return y if beta is None else y + beta.view(shape)


class LayerNorm(nn.Module):
    """Standardise over the channel axis."""

    gamma: Tensor | None
    beta: Tensor | None

    def __init__(self, epsilon: float) -> None:
        super().__init__()
        self.epsilon = epsilon
        self.register_parameter("gamma", None)
        self.register_parameter("beta", None)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise."""
        if x.dim() == 2:
            return F.layer_norm(x, x.shape[1:], self.gamma, self.beta, self.epsilon)
        y = x.permute(0, 2, 3, 1)
        y = F.layer_norm(y, y.shape[3:], self.gamma, self.beta, self.epsilon)
        return y.permute(0, 3, 1, 2)


class GroupNorm(nn.Module):
    """Standardise over groups of channels and all positions."""

    gamma: Tensor | None
    beta: Tensor | None

    def __init__(self, groups: int, epsilon: float) -> None:
        super().__init__()
        self.groups, self.epsilon = groups, epsilon
        self.register_parameter("gamma", None)
        self.register_parameter("beta", None)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise."""
        if self._whole(x):
            return self._standardised(x, self.gamma, self.beta)
        y, shape = self._standardised(x, None, None), (-1, *[1] * (x.dim() - 2))
        y = y if self.gamma is None else y * self.gamma.view(shape)
        return y if self.beta is None else y + self.beta.view(shape)

    def _whole(self, x: Tensor) -> bool:
        """Whether PyTorch's own gradients of gamma and beta may be asked for.

        Those of 2.13 crash on a CPU with a beta and no gamma, and for images that need none.
        """
        if x.device.type != "cpu" or not torch.is_grad_enabled():
            return True
        alone = self.gamma is None and self.beta is not None
        return not alone and (x.requires_grad or x.dim() == 2)

    def _standardised(self, x: Tensor, gamma: Tensor | None, beta: Tensor | None) -> Tensor:
        """Take ``F.group_norm`` without its refusal of a single value."""
        kernel = torch.backends.cudnn.enabled
        return torch.group_norm(x, self.groups, gamma, beta, self.epsilon, kernel)


_STEPS = 1 << 16


class Dropout(nn.Module):
    """Inverted dropout whose masks come from a counter that every epoch is keyed anew.

    One 64-bit draw decides four numbers, so the rate is rounded to 1/65536; survivors are scaled by
    exactly 1 / (1 - rounded rate).
    """

    def __init__(self, rate: float, *, spatial: bool) -> None:
        super().__init__()
        self.spatial = spatial
        self.threshold = round(rate * _STEPS)
        self.scale = _STEPS / max(_STEPS - self.threshold, 1)
        self.key: int | None = None
        self.used = 0

    def begin_epoch(self, key: int) -> None:
        """Key the draws of the coming epoch."""
        self.key, self.used = key % (1 << 64), 0

    def forward(self, x: Tensor) -> Tensor:
        """Multiply by a mask in training."""
        if not self.training or self.threshold == 0:
            return x
        if self.key is None:
            raise RuntimeError("begin_epoch must be called before training")
        whole = not self.spatial or x.dim() != 4
        shape = x.shape if whole else x.shape[:2]
        settings = (self.key, self.used, self.threshold, self.scale)
        self.used += (shape.numel() + 3) // 4
        if whole:
            return keyed_dropout(x, *settings)
        factors = keyed_factors(tuple(shape), *settings, x.device)
        return (x * factors[:, :, None, None]).to(x.dtype)


class ResidualSum(nn.Module):
    """layers(x) + shortcut(x), then an activation."""

    def __init__(self, layers: nn.Module, shortcut: nn.Module, activation: Activation) -> None:
        super().__init__()
        self.layers, self.shortcut, self.activation = layers, shortcut, activation

    def forward(self, x: Tensor) -> Tensor:
        """Add both paths."""
        result: Tensor = self.activation(self.layers(x) + self.shortcut(x))
        return result
