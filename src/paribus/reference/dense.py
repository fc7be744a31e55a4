"""Dense layers and Flatten."""

from __future__ import annotations

from paribus.reference.layer import Array, ReferenceLayer

__all__ = ["Dense", "Flatten"]


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
        """``(example, input)`` to ``(example, unit)``."""
        self._x = x
        y = x @ self.weights["kernel"].T
        return y + self.weights["bias"] if "bias" in self.weights else y

    def backward(self, dy: Array) -> Array:
        """Set the gradients of kernel and bias."""
        self.gradients["kernel"] = dy.T @ self._x
        if "bias" in self.weights:
            self.gradients["bias"] = dy.sum(0)
        return dy @ self.weights["kernel"]


class Flatten(ReferenceLayer):
    """Images to rows. Nothing is computed, so the gradient only gets its shape back."""

    def forward(self, x: Array, *, training: bool) -> Array:  # noqa: ARG002
        """``(example, height, width, channel)`` to ``(example, height * width * channel)``."""
        self._shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, dy: Array) -> Array:
        """Reshape."""
        return dy.reshape(self._shape)
