"""A network: the forward pass through all layers, the loss, and backpropagation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp

from paribus.nn.initial import weight_specs
from paribus.nn.layer import Layer, Regularizer, WeightedLayer
from paribus.nn.layers.activation import Activation as ActivationLayer
from paribus.nn.spec import ModelSpec
from paribus.records import Shape
from paribus.reference.activation import Activation, softmax
from paribus.reference.layer import Array, Given, Named, ReferenceLayer, reference_of
from paribus.reference.losses import loss_and_gradient

__all__ = ["ReferenceNetwork", "build_reference"]

FINAL = ("softmax", "sigmoid")


class ReferenceNetwork:
    """A chain of layers. The final softmax or sigmoid is part of the loss."""

    def __init__(
        self,
        layers: tuple[ReferenceLayer, ...],
        final: str,
        penalties: Mapping[str, Regularizer] | None = None,
    ) -> None:
        self.layers, self.final = layers, final
        self.penalties = dict(penalties or {})

    def forward(self, x: Array, *, training: bool) -> Array:
        """Return raw outputs ``(example, class)`` of images ``(example, height, width, channel)``."""
        for layer in self.layers:
            x = layer.forward(x, training=training)
        return x

    def probabilities(self, raw: Array) -> Array:
        """Return the class probabilities of raw outputs, ``(example, class)``."""
        if self.final == "sigmoid":
            values = 1 / (1 + np.exp(-raw))
            total = values.sum(1, keepdims=True)
            known = values / np.where(total > 0, total, 1.0)
            return np.where(total > 0, known, np.exp(self.log_probabilities(raw)))
        return softmax(raw)

    def log_probabilities(self, raw: Array) -> Array:
        """Return the logarithms of the class probabilities: ``x - log(sum of e^x)``."""
        if self.final == "sigmoid":
            raw = -np.logaddexp(0, -raw)
        found: Array = raw - logsumexp(raw, axis=1, keepdims=True)
        return found

    def gradients(
        self,
        x: Array,
        labels: npt.NDArray[np.int64],
        *,
        loss: str,
        smoothing: float = 0.0,
        training: bool = True,
    ) -> tuple[float, Named]:
        """Return the loss of a batch without penalty, and the gradient of loss plus penalty.

        Backpropagation applies the chain rule from the end: it starts with the derivative of the loss with
        respect to the raw outputs; every layer turns it into the derivative with respect to its inputs.

        Args:
            x: ``(example, height, width, channel)``.
            labels: ``(example,)``.
            loss: name of the loss, as in a study file.
            smoothing: label smoothing.
            training: whether to use dropout and batch statistics.
        """
        raw = self.forward(x, training=training)
        value, dy = loss_and_gradient(raw, labels, loss=loss, final=self.final, smoothing=smoothing)
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return value, {name: self._with_penalty(name, g) for name, g in self._found()}

    def weights(self) -> Named:
        """Return ``"layer/weight"`` -> array, moving statistics included."""
        return {
            f"{layer.name}/{name}": value
            for layer in self.every_layer()
            for name, value in layer.weights.items()
        }

    def load(self, weights: Mapping[str, Any]) -> None:
        """Set weights by name, as float64."""
        for layer in self.every_layer():
            for name in layer.weights:
                layer.weights[name] = np.array(weights[f"{layer.name}/{name}"], np.float64)

    def penalty(self) -> float:
        """Return l1 * sum |w| + l2 * sum w^2 over all weights that have one."""
        own = self.weights()
        return float(
            sum(
                rule.l1 * np.abs(own[name]).sum() + rule.l2 * (own[name] ** 2).sum()
                for name, rule in self.penalties.items()
            )
        )

    def begin_epoch(self, seed: int, epoch: int) -> None:
        """Set the keys of all layers' random draws for an epoch."""
        for layer in self.every_layer():
            layer.begin_epoch(seed, epoch)

    def every_layer(self) -> Iterator[ReferenceLayer]:
        """Yield all layers, containers before their content."""
        yield from _every(self.layers)

    def _found(self) -> Iterator[tuple[str, Array]]:
        for layer in self.every_layer():
            for name, gradient in layer.gradients.items():
                yield f"{layer.name}/{name}", gradient

    def _with_penalty(self, name: str, gradient: Array) -> Array:
        """Add the gradient of the penalty, ``d(l1 |w| + l2 w^2) / dw = l1 sign(w) + 2 l2 w``."""
        rule = self.penalties.get(name)
        if rule is None:
            return gradient
        weight = self.weights()[name]
        return gradient + rule.l1 * np.sign(weight) + 2 * rule.l2 * weight


def _every(layers: tuple[ReferenceLayer, ...]) -> Iterator[ReferenceLayer]:
    for layer in layers:
        yield layer
        yield from _every(tuple(layer.inner()))


def build_reference(
    model: ModelSpec, input_shape: Shape, weights: Mapping[str, Any]
) -> ReferenceNetwork:
    """Build the reference network of a resolved model.

    Args:
        model: the resolved model.
        input_shape: ``(height, width, channel)``.
        weights: ``"layer/weight"`` -> array in the engine's layout; copied as float64.
    """
    layers, final = _without_final(model.layers)
    penalties = {
        f"{name}/{weight.name}": weight.regularizer
        for name, weight in weight_specs(model, input_shape)
        if weight.regularizer is not None
    }
    return ReferenceNetwork(_built(layers, input_shape, weights), final, penalties)


def _without_final(layers: tuple[Layer, ...]) -> tuple[tuple[Layer, ...], str]:
    last = layers[-1]
    if isinstance(last, ActivationLayer) and last.activation in FINAL:
        return layers[:-1], last.activation
    if isinstance(last, WeightedLayer) and last.activation in FINAL:
        return (*layers[:-1], last.model_copy(update={"activation": "linear"})), last.activation
    return layers, "linear"


def _built(
    layers: tuple[Layer, ...], shape: Shape, weights: Mapping[str, Any]
) -> tuple[ReferenceLayer, ...]:
    def build(inner: tuple[Layer, ...], reached: Shape) -> tuple[ReferenceLayer, ...]:
        return _built(inner, reached, weights)

    found: list[ReferenceLayer] = []
    for layer in layers:
        own = {
            weight.name: np.array(weights[f"{layer.name}/{weight.name}"], np.float64)
            for weight in layer.weights(shape)
        }
        found.append(reference_of(layer, Given(layer.name or layer.kind, shape, own, build)))
        if isinstance(layer, WeightedLayer) and layer.activation != "linear":
            found.append(Activation(f"{layer.name}/activation", layer.activation, layer.slope))
        shape = layer.output_shape(shape)
    return tuple(found)
