"""Losses: a scalar for a batch, and its gradient with respect to the network's outputs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp

from paribus.reference.activation import Activation, softmax
from paribus.reference.layer import Array

__all__ = ["loss_and_gradient"]

Labels = npt.NDArray[np.int64]
_CROSS = ("categorical_crossentropy", "sparse_categorical_crossentropy")


def loss_and_gradient(
    raw: Array, labels: Labels, *, loss: str, final: str, smoothing: float = 0.0
) -> tuple[float, Array]:
    """Return the mean loss of a batch, and its gradient with respect to ``raw``.

    Args:
        raw: ``(example, class)``, inputs of the final activation.
        labels: ``(example,)``.
        loss: name of the loss, as in a study file.
        final: the final activation: softmax, sigmoid or linear.
        smoothing: label smoothing, the fraction of each target that is spread over all classes.

    Returns:
        The loss, and its gradient ``(example, class)``.

    **Cross-entropy behind a softmax.** With ``p = softmax(x)`` and targets t that sum to 1, the loss of
    one example is ``L = -sum_i t[i] log p[i] = log(sum_j e^x[j]) - sum_i t[i] x[i]``, so
    ``dL / dx[i] = p[i] - t[i]``: the difference between prediction and target. (The derivation cancels a
    division by p, which may be near 0.)

    **Cross-entropy of sigmoids** (taken as a distribution by normalising them): x is replaced by
    ``log s(x)``, with ``d log s(x) / dx = 1 - s(x)``.

    **Binary cross-entropy.** Each output by itself: ``L = mean_i(log(1 + e^x[i]) - t[i] x[i])``, so
    ``dL / dx[i] = (s(x[i]) - t[i]) / classes``. Behind a softmax, ``log(p / (1 - p))`` stands for x.

    **Squared errors.** ``L = mean_i((y[i] - t[i])^2)``, or ``sum_i((y[i] - t[i])^2) / 2``; then
    ``dL / dy[i]`` is ``2 (y[i] - t[i]) / classes``, or ``y[i] - t[i]``, times the slope of the final
    activation.

    All are divided by the number of examples, because the loss of a batch is a mean.
    """
    classes = raw.shape[1]
    targets = np.eye(classes)[labels] * (1 - smoothing)
    if loss in _CROSS:
        value, gradient = _cross_entropy(raw, targets + smoothing / classes, final)
    elif loss == "binary_crossentropy":
        value, gradient = _binary(raw, targets + smoothing / 2, final)
    else:
        value, gradient = _squared(raw, targets + smoothing / classes, final, loss)
    return float(value.mean()), gradient / len(raw)


def _cross_entropy(raw: Array, targets: Array, final: str) -> tuple[Array, Array]:
    slope: Array | float = 1.0
    if final == "sigmoid":
        slope = 1 - 1 / (1 + np.exp(-raw))
        raw = -np.logaddexp(0, -raw)
    value = logsumexp(raw, axis=1) - (targets * raw).sum(1)
    return value, (softmax(raw) - targets) * slope


def _binary(raw: Array, targets: Array, final: str) -> tuple[Array, Array]:
    if final != "softmax":
        value, by_logit = _binary_of_logits(raw, targets)
        return value, by_logit
    # z[i] = x[i] - log(sum of e^x[j] over the others), so dz[i]/dx[i] = 1 and
    # dz[i]/dx[k] = -e^x[k] / (that sum) for k != i.
    classes = raw.shape[1]
    own = np.eye(classes, dtype=bool)
    others = np.where(own[None], -np.inf, raw[:, None, :])
    logits = raw - logsumexp(others, axis=2)
    value, by_logit = _binary_of_logits(logits, targets)
    jacobian = own[None] - softmax(others)
    return value, np.einsum("ni,nik->nk", by_logit, jacobian)


def _binary_of_logits(logits: Array, targets: Array) -> tuple[Array, Array]:
    value = (np.logaddexp(0, logits) - targets * logits).mean(1)
    return value, (1 / (1 + np.exp(-logits)) - targets) / logits.shape[1]


def _squared(raw: Array, targets: Array, final: str, loss: str) -> tuple[Array, Array]:
    activation = Activation("final", final)
    errors = activation.forward(raw, training=True) - targets
    if loss == "half_squared_error":
        return (errors**2).sum(1) / 2, activation.backward(errors)
    return (errors**2).mean(1), activation.backward(2 * errors / raw.shape[1])
