"""Dense layers: every output is a weighted sum of all inputs."""

from __future__ import annotations

from paribus.nn.layers import dense as layers
from paribus.reference.layer import Array, Given, ReferenceLayer, reference_of

__all__ = ["Dense"]


class Dense(ReferenceLayer):
    """Every output is a weighted sum of all inputs: ``y = x W^T + b``.

    With one example in each row, ``y[n, o] = sum_i W[o, i] x[n, i] + b[o]``. Then

    - ``d y[n, o] / d x[n, i] = W[o, i]``, so ``dx[n, i] = sum_o dy[n, o] W[o, i]``, that is
      ``dx = dy W``;
    - ``d y[n, o] / d W[o, i] = x[n, i]``, so ``dW[o, i] = sum_n dy[n, o] x[n, i]``, that is
      ``dW = dy^T x``: the sum runs over examples, since all of them use the same weight;
    - ``d y[n, o] / d b[o] = 1``, so ``db[o] = sum_n dy[n, o]``.
    """

    def forward(self, x: Array, *, training: bool) -> Array:  # noqa: ARG002
        """Map ``(example, input)`` to ``(example, unit)``."""
        self._x = x
        y = x @ self.weights["kernel"].T
        return y + self.weights["bias"] if "bias" in self.weights else y

    def backward(self, dy: Array) -> Array:
        """Return dL/dx ``(example, input)`` from dL/dy ``(example, unit)``; set dL/dW and dL/db."""
        self.gradients["kernel"] = dy.T @ self._x
        if "bias" in self.weights:
            self.gradients["bias"] = dy.sum(0)
        return dy @ self.weights["kernel"]


@reference_of.form(layers.Dense)
def _dense(layer: layers.Dense, given: Given) -> ReferenceLayer:
    return Dense(given.name, given.weights)
