"""Normalisation: subtract a mean, divide by a deviation, then scale and shift by weights.

All three layers share one derivation. Over the m values of a set (the layers differ only in the
sets), with ``mu = mean(x)``, ``v = mean((x - mu)^2)`` and ``s = 1 / sqrt(v + epsilon)``,

    z = (x - mu) s,    y = gamma z + beta.

Each x[i] acts on z[j] in three ways: directly (if i = j), through mu, and through v.

- ``d mu / d x[i] = 1 / m``;
- ``d v / d x[i] = 2 (x[i] - mu) / m``, since the terms through mu cancel;
- ``d s / d v = -s^3 / 2``.

So ``d z[j] / d x[i] = s ([i = j] - 1 / m - z[i] z[j] / m)``, and with ``dz = dy gamma``

    dx = s (dz - mean(dz) - z mean(dz z)):

a shift or a scaling of the whole set has no effect, so the gradient in these directions is removed.
"""

from __future__ import annotations

import numpy as np

from paribus.nn.layers import normalization as layers
from paribus.reference.layer import Array, Given, ReferenceLayer, reference_of

__all__ = ["BatchNormalization", "GroupNormalization", "LayerNormalization"]


class _Normalization(ReferenceLayer):
    def __init__(self, name: str, weights: dict[str, Array], epsilon: float) -> None:
        super().__init__(name, weights)
        self.epsilon = epsilon

    def _standardised(self, x: Array, axes: tuple[int, ...]) -> Array:
        self._axes = axes
        mean = x.mean(axes, keepdims=True)
        variance = ((x - mean) ** 2).mean(axes, keepdims=True)
        self._inverse = 1 / np.sqrt(variance + self.epsilon)
        self._z = (x - mean) * self._inverse
        return self._z

    def _through(self, dz: Array) -> Array:
        """Return dx from dz, by the formula above."""
        mean, along = dz.mean(self._axes, keepdims=True), (dz * self._z)
        return self._inverse * (dz - mean - self._z * along.mean(self._axes, keepdims=True))

    def _affine(self, z: Array) -> Array:
        return z * self.weights.get("gamma", 1.0) + self.weights.get("beta", 0.0)

    def _affine_backward(self, dy: Array, z: Array) -> Array:
        """Set ``dgamma = sum dy z``, ``dbeta = sum dy`` (over all axes but the channel); return ``dz``."""
        others = tuple(range(dy.ndim - 1))
        if "gamma" in self.weights:
            self.gradients["gamma"] = (dy * z).sum(others)
        if "beta" in self.weights:
            self.gradients["beta"] = dy.sum(others)
        return dy * self.weights.get("gamma", 1.0)


class BatchNormalization(_Normalization):
    """Normalisation over the set of all values of a channel in the batch.

    Evaluation uses the moving mean and variance, which are constants, so that dx is
    ``dz / sqrt(v + epsilon)``. Training updates them: ``moving = momentum moving + (1 - momentum) batch``;
    there the divisor of the variance is m - 1 in torch, m in Keras.

    Source: Ioffe & Szegedy 2015.
    """

    def __init__(
        self,
        name: str,
        weights: dict[str, Array],
        epsilon: float,
        momentum: float,
        *,
        unbiased: bool,
    ) -> None:
        super().__init__(name, weights, epsilon)
        self.momentum, self.unbiased = momentum, unbiased

    def forward(self, x: Array, *, training: bool) -> Array:
        """Normalise by statistics of the batch in training, by moving statistics in evaluation."""
        self._training = training
        if training:
            z = self._standardised(x, tuple(range(x.ndim - 1)))
            self._follow(x)
        else:
            self._inverse = 1 / np.sqrt(self.weights["moving_variance"] + self.epsilon)
            z = self._z = (x - self.weights["moving_mean"]) * self._inverse
        return self._affine(z)

    def backward(self, dy: Array) -> Array:
        """Return dL/dx in the shape of x; set the gradients of gamma and beta, each ``(channel,)``."""
        dz = self._affine_backward(dy, self._z)
        return self._through(dz) if self._training else dz * self._inverse

    def _follow(self, x: Array) -> None:
        others = tuple(range(x.ndim - 1))
        count = x.size // x.shape[-1]
        variance = x.var(others) * (count / (count - 1) if self.unbiased and count > 1 else 1.0)
        for name, value in (("moving_mean", x.mean(others)), ("moving_variance", variance)):
            kept = self.momentum * self.weights[name]
            self.weights[name] = kept + (1 - self.momentum) * value


class LayerNormalization(_Normalization):
    """Normalisation over the set of all channels at one position of one example.

    Source: Ba et al. 2016.
    """

    def forward(self, x: Array, *, training: bool) -> Array:  # noqa: ARG002
        """Return ``x`` with mean 0 and variance 1 over its axes, scaled and shifted."""
        return self._affine(self._standardised(x, (x.ndim - 1,)))

    def backward(self, dy: Array) -> Array:
        """Return dL/dx in the shape of x; set the gradients of gamma and beta, each ``(channel,)``."""
        return self._through(self._affine_backward(dy, self._z))


class GroupNormalization(_Normalization):
    """Normalisation over the set of all values of a group of neighbouring channels of one example.

    Source: Wu & He 2018.
    """

    def __init__(self, name: str, weights: dict[str, Array], epsilon: float, groups: int) -> None:
        super().__init__(name, weights, epsilon)
        self.groups = groups

    def forward(self, x: Array, *, training: bool) -> Array:  # noqa: ARG002
        """Return ``x`` with mean 0 and variance 1 over its axes, scaled and shifted."""
        self._shape = x.shape
        split = x.reshape(len(x), -1, self.groups, x.shape[-1] // self.groups)
        return self._affine(self._standardised(split, (1, 3)).reshape(x.shape))

    def backward(self, dy: Array) -> Array:
        """Return dL/dx in the shape of x; set the gradients of gamma and beta, each ``(channel,)``."""
        dz = self._affine_backward(dy, self._z.reshape(self._shape))
        return self._through(dz.reshape(self._z.shape)).reshape(self._shape)


@reference_of.form(layers.BatchNormalization)
def _batch_normalization(layer: layers.BatchNormalization, given: Given) -> ReferenceLayer:
    return BatchNormalization(
        given.name,
        given.weights,
        layer.constant("epsilon"),
        layer.constant("momentum"),
        unbiased=layer.constant("unbiased"),
    )


@reference_of.form(layers.LayerNormalization)
def _layer_normalization(layer: layers.LayerNormalization, given: Given) -> ReferenceLayer:
    return LayerNormalization(given.name, given.weights, layer.constant("epsilon"))


@reference_of.form(layers.GroupNormalization)
def _group_normalization(layer: layers.GroupNormalization, given: Given) -> ReferenceLayer:
    return GroupNormalization(given.name, given.weights, layer.constant("epsilon"), layer.groups)
