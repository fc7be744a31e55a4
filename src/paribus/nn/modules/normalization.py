"""Normalisation over the batch, over channels, and over groups of channels."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from paribus.nn.layers import normalization as layers
from paribus.nn.modules.form import module_of
from paribus.records import Shape

__all__ = ["BatchNorm", "GroupNorm", "LayerNorm"]


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
        """Normalise by statistics of the batch in training, by moving statistics in evaluation."""
        return self.normalised(x, self.gamma, self.beta, self.moving_mean, self.moving_variance)

    def normalised(
        self,
        x: Tensor,
        gamma: Tensor | None,
        beta: Tensor | None,
        mean: Tensor,
        variance: Tensor,
    ) -> Tensor:
        """Normalise with weights ``(channel,)``; in training, update ``mean`` and ``variance`` in place."""
        weights = (gamma, beta, mean)
        if not self.training:
            return self._normalise(x, weights, variance, training=False)
        count = x.numel() // x.shape[1]
        if count == 1:
            return self._single(x, (gamma, beta), mean, variance)
        if self.unbiased:
            return self._normalise(x, weights, variance, training=True)
        # torch's moving variance has the divisor n - 1, Keras's the divisor n.
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
        """Return beta for a batch with one value per channel: its mean is the value itself."""
        gamma, beta = weights
        with torch.no_grad():
            mean.lerp_(x.detach().flatten(), 1 - self.momentum)
            variance.mul_(self.momentum)
        shape = (1, -1, *[1] * (x.dim() - 2))
        y = (x - x.detach()) * 0.0  # keeps x in the autograd graph
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
        """Return ``(example, channel, ...)`` with mean 0 and variance 1, scaled and shifted."""
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
        """Return ``(example, channel, ...)`` with mean 0 and variance 1, scaled and shifted."""
        if self._whole(x):
            return self._standardised(x, self.gamma, self.beta)
        y, shape = self._standardised(x, None, None), (-1, *[1] * (x.dim() - 2))
        y = y if self.gamma is None else y * self.gamma.view(shape)
        return y if self.beta is None else y + self.beta.view(shape)

    def _whole(self, x: Tensor) -> bool:
        """Return whether PyTorch can compute the gradients of gamma and beta.

        On a CPU, PyTorch 2.13 crashes with a beta without gamma, and for images that need no gradient.
        """
        if x.device.type != "cpu" or not torch.is_grad_enabled():
            return True
        alone = self.gamma is None and self.beta is not None
        return not alone and (x.requires_grad or x.dim() == 2)

    def _standardised(self, x: Tensor, gamma: Tensor | None, beta: Tensor | None) -> Tensor:
        """Compute ``F.group_norm``, but without its error for a single value per group."""
        kernel = torch.backends.cudnn.enabled
        return torch.group_norm(x, self.groups, gamma, beta, self.epsilon, kernel)


@module_of.form(layers.BatchNormalization)
def _batch_normalization(layer: layers.BatchNormalization, shape: Shape) -> nn.Module:
    return BatchNorm(
        layer.constant("momentum"),
        layer.constant("epsilon"),
        unbiased=layer.constant("unbiased"),
    )


@module_of.form(layers.LayerNormalization)
def _layer_normalization(layer: layers.LayerNormalization, shape: Shape) -> nn.Module:
    return LayerNorm(layer.constant("epsilon"))


@module_of.form(layers.GroupNormalization)
def _group_normalization(layer: layers.GroupNormalization, shape: Shape) -> nn.Module:
    return GroupNorm(layer.groups, layer.constant("epsilon"))
