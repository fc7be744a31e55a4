"""Activations and their derivatives, and rescaling."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import erf, expit

from paribus.nn.layers import activation as layers
from paribus.reference.layer import Array, Given, ReferenceLayer, reference_of

__all__ = ["Activation", "Rescaling", "softmax"]


def softmax(x: Array) -> Array:
    """Return ``exp(x) / sum(exp(x))`` over the last axis, safe from overflow.

    Subtracting the largest value first changes nothing, since it cancels in the quotient.
    """
    powers = np.exp(x - x.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def _gelu(x: Array) -> Array:
    return x * 0.5 * (1 + erf(x / np.sqrt(2)))


def _gelu_slope(x: Array) -> Array:
    """Product rule: Phi(x) + x phi(x), with the normal distribution function and its density."""
    density = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    return 0.5 * (1 + erf(x / np.sqrt(2))) + x * density


def _silu_slope(x: Array) -> Array:
    s = expit(x)
    return s + x * s * (1 - s)


Function = Callable[[Array], Array]
FUNCTIONS: dict[str, tuple[Function, Function]] = {
    "linear": (lambda x: x, np.ones_like),
    "relu": (lambda x: np.maximum(x, 0), lambda x: (x > 0).astype(np.float64)),
    "sigmoid": (expit, lambda x: expit(x) * (1 - expit(x))),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "softplus": (lambda x: np.logaddexp(0, x), expit),
    "elu": (
        lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
        lambda x: np.where(x > 0, 1.0, np.exp(np.minimum(x, 0))),
    ),
    "gelu": (_gelu, _gelu_slope),
    "silu": (lambda x: x * expit(x), _silu_slope),
}
"""Name -> the function of one number, and its derivative."""


def leaky(slope: float) -> tuple[Function, Function]:
    """Return x where positive, ``slope * x`` elsewhere, and the derivative."""
    return lambda x: np.where(x > 0, x, slope * x), lambda x: np.where(x > 0, 1.0, slope)


class Activation(ReferenceLayer):
    """A function of each value separately: ``y = f(x)``, so ``dx = dy f'(x)``.

    The sigmoid: with ``s = 1 / (1 + e^-x)``, ``s' = e^-x / (1 + e^-x)^2 = s (1 - s)``. Where the
    unit is saturated (s near 0 or 1) the slope is near zero, and no gradient passes.

    relu: slope 1 where x > 0, and 0 elsewhere; at the kink itself 0 is taken.

    Softmax is the exception: every output depends on every input, ``d y[i] / d x[j] = y[i] ([i = j] -
    y[j])``, so ``dx[j] = y[j] (dy[j] - sum_i dy[i] y[i])``.
    """

    def __init__(self, name: str, kind: str, slope: float = 0.2) -> None:
        super().__init__(name)
        self.kind = kind
        if kind != "softmax":
            self._function, self._slope = leaky(slope) if kind == "leaky_relu" else FUNCTIONS[kind]

    def forward(self, x: Array, *, training: bool) -> Array:  # noqa: ARG002
        """Return the activation of ``(example, ...)``, element by element."""
        self._x = x
        self._y = softmax(x) if self.kind == "softmax" else self._function(x)
        return self._y

    def backward(self, dy: Array) -> Array:
        """Return dL/dx from dL/dy, of equal shape: dy times the slope f'(x), for softmax the formula above."""
        if self.kind == "softmax":
            return self._y * (dy - (dy * self._y).sum(-1, keepdims=True))
        return dy * self._slope(self._x)


class Rescaling(ReferenceLayer):
    """y = scale x + offset, so dx = scale dy."""

    def __init__(self, name: str, scale: float, offset: float) -> None:
        super().__init__(name)
        self.scale, self.offset = scale, offset

    def forward(self, x: Array, *, training: bool) -> Array:  # noqa: ARG002
        """Return ``scale * x + offset``, element by element."""
        return x * self.scale + self.offset

    def backward(self, dy: Array) -> Array:
        """Return dL/dx = scale * dL/dy."""
        return dy * self.scale


@reference_of.form(layers.Activation)
def _activation(layer: layers.Activation, given: Given) -> ReferenceLayer:
    return Activation(given.name, layer.activation, layer.slope)


@reference_of.form(layers.ReLU)
def _relu(layer: layers.ReLU, given: Given) -> ReferenceLayer:
    return Activation(given.name, "relu")


@reference_of.form(layers.LeakyReLU)
def _leaky_relu(layer: layers.LeakyReLU, given: Given) -> ReferenceLayer:
    return Activation(given.name, "leaky_relu", layer.constant("negative_slope"))


@reference_of.form(layers.Rescaling)
def _rescaling(layer: layers.Rescaling, given: Given) -> ReferenceLayer:
    return Rescaling(given.name, layer.scale, layer.offset)
