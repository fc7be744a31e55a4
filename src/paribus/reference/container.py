"""Containers: the sum of two paths, through both of which the gradient flows back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from paribus.nn.layers import container as layers
from paribus.reference.activation import Activation
from paribus.reference.layer import Array, Given, ReferenceLayer, reference_of

__all__ = ["Residual"]


class Residual(ReferenceLayer):
    """``y = f(g(x) + h(x))``; ``dx = dg + dh``, since x acts through both paths.

    With h(x) = x, the gradient reaches earlier layers undamped, for any depth of g.

    Source: He et al. 2016.
    """

    def __init__(
        self,
        name: str,
        layers: Sequence[ReferenceLayer],
        shortcut: Sequence[ReferenceLayer],
        activation: Activation,
    ) -> None:
        super().__init__(name)
        self.layers, self.shortcut = tuple(layers), tuple(shortcut)
        self._activation = activation

    def inner(self) -> Iterator[ReferenceLayer]:
        """Yield the layers of both paths."""
        yield from (*self.layers, *self.shortcut)

    def forward(self, x: Array, *, training: bool) -> Array:
        """Return the sum of both paths, activated."""
        y = x
        for layer in self.layers:
            y = layer.forward(y, training=training)
        around = x
        for layer in self.shortcut:
            around = layer.forward(around, training=training)
        return self._activation.forward(y + around, training=training)

    def backward(self, dy: Array) -> Array:
        """Return dL/dx, the sum of both paths' gradients; set the gradients of all weights in them."""
        dy = self._activation.backward(dy)
        dx = dy
        for layer in reversed(self.layers):
            dx = layer.backward(dx)
        around = dy
        for layer in reversed(self.shortcut):
            around = layer.backward(around)
        return dx + around


@reference_of.form(layers.Residual)
def _residual(layer: layers.Residual, given: Given) -> ReferenceLayer:
    activation = Activation(given.name, layer.activation, layer.slope)
    paths = given.build(layer.layers, given.shape), given.build(layer.shortcut, given.shape)
    return Residual(given.name, *paths, activation)
