"""Gradient check: the reference's manual gradients, torch's autograd, and finite differences."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from paribus.keyed import generator
from paribus.nn.build import build_network, load_weights
from paribus.nn.initial import initial_weights
from paribus.nn.losses import build_loss
from paribus.nn.spec import ModelSpec
from paribus.nn.training import TrainSpec
from paribus.records import Shape, Variant
from paribus.reference.network import ReferenceNetwork, build_reference

__all__ = ["GradientRow", "check_gradients"]

NUDGED = 6
"""Number of weights per tensor that are checked by finite differences."""
NUDGES = (1e-5, 1e-6, 1e-7)
"""Step sizes h to try. If a kink of relu or max lies within a step, a smaller step may avoid it."""
OFF = 0.01
"""Standard deviation of the noise added to the initial weights."""
NEGLIGIBLE = 1e-6
"""Smallest scale of relative errors, as a fraction of the network's largest gradient. It matters for
tensors whose true gradient is zero, such as a bias before batch normalisation."""


@dataclass(frozen=True)
class GradientRow:
    """The gradient of one weight tensor by three methods, and their differences."""

    name: str
    shape: tuple[int, ...]
    by_hand: float
    """Root mean square of the gradient from the reference."""
    by_autograd: float
    """Root mean square of the gradient from autograd."""
    autograd_error: float
    """Largest difference between the two, relative to the tensor's largest gradient."""
    nudged: int
    """Number of weights checked by finite differences."""
    nudge_error: float
    """Largest difference from finite differences, relative to the tensor's largest gradient."""


def check_gradients(
    variant: Variant,
    images: npt.NDArray[np.float32],
    labels: npt.NDArray[np.int64],
    seed: int = 0,
    *,
    training: bool = True,
) -> list[GradientRow]:
    """Compare the gradients of one batch in float64, with the same dropout masks.

    Args:
        variant: the resolved variant.
        images: ``(example, height, width, channel)``, preprocessed.
        labels: ``(example,)``.
        seed: seed of the initial weights and the dropout masks.
        training: whether to use dropout and batch statistics (training mode).

    Returns:
        One row per trainable tensor. Finite differences ``(L(w + h) - L(w - h)) / 2h`` are computed
        for `NUDGED` weights of each tensor, half of them drawn at random, the others those with the
        largest gradients.
    """
    shape: Shape = tuple(images.shape[1:])
    model = ModelSpec.parse(variant.model)
    train = TrainSpec.parse(variant.train, model.defaults)
    weights = _off_the_kinks(initial_weights(model, shape, seed), seed)
    x = images.astype(np.float64)
    check = _Check(model, train, shape, x, labels, seed, training)
    by_hand = check.by_hand(weights)
    by_autograd = check.by_autograd(weights)
    largest = max((float(np.abs(value).max()) for value in by_hand.values()), default=0.0)
    return [
        _row(
            name,
            by_hand[name],
            by_autograd[name],
            check.by_nudging(weights, name, by_hand[name]),
            least=NEGLIGIBLE * largest,
        )
        for name in by_hand
    ]


@dataclass(frozen=True)
class _Check:
    model: ModelSpec
    train: TrainSpec
    shape: Shape
    x: npt.NDArray[np.float64]
    labels: npt.NDArray[np.int64]
    seed: int
    training: bool

    def by_hand(
        self, weights: Mapping[str, npt.NDArray[np.float64]]
    ) -> dict[str, npt.NDArray[np.float64]]:
        """Return the gradients from the reference's manual backpropagation."""
        network = self._reference(weights)
        _, gradients = network.gradients(
            self.x,
            self.labels,
            loss=self.train.loss,
            smoothing=self.train.label_smoothing,
            training=self.training,
        )
        return gradients

    def loss(self, weights: Mapping[str, npt.NDArray[np.float64]]) -> float:
        """Return loss plus penalty from the reference's forward pass."""
        network = self._reference(weights)
        value, _ = network.gradients(
            self.x,
            self.labels,
            loss=self.train.loss,
            smoothing=self.train.label_smoothing,
            training=self.training,
        )
        return value + network.penalty()

    def by_autograd(
        self, weights: Mapping[str, npt.NDArray[np.float64]]
    ) -> dict[str, npt.NDArray[np.float64]]:
        """Return the gradients of the engine's network from torch's autograd, in float64."""
        network = build_network(self.model, self.shape).double()
        load_weights(network, weights)  # type: ignore[arg-type]
        network.train(self.training)
        network.begin_epoch(self.seed, 1)
        loss = build_loss(self.train, network.final_activation, int(network_classes(self)))
        x = torch.from_numpy(self.x).permute(0, 3, 1, 2)
        with network.one_by_one():
            value = loss(network(x), torch.from_numpy(self.labels), "mean")
        penalty = network.penalty()
        if penalty is not None:
            value = value + penalty
        value.backward()  # type: ignore[no-untyped-call]
        return {
            name: tensor.grad.numpy()
            for name, tensor in network.weight_tensors().items()
            if tensor.grad is not None
        }

    def by_nudging(
        self,
        weights: Mapping[str, npt.NDArray[np.float64]],
        name: str,
        gradient: npt.NDArray[np.float64],
    ) -> float:
        """Return the largest difference of a gradient from finite differences, over a few weights."""
        drawn = generator(self.seed, "sample", name).permutation(gradient.size)[: NUDGED // 2]
        largest = np.argsort(-np.abs(gradient), axis=None)[: NUDGED - len(drawn)]
        worst = 0.0
        for flat in {int(k) for k in (*drawn, *largest)}:
            index = np.unravel_index(flat, gradient.shape)
            errors = (
                abs(self._slope(weights, name, index, nudge) - float(gradient[index]))
                for nudge in NUDGES
            )
            worst = max(worst, _first_small(errors, enough=1e-8 * np.abs(gradient).max()))
        return worst

    def _slope(
        self,
        weights: Mapping[str, npt.NDArray[np.float64]],
        name: str,
        index: tuple[np.intp, ...],
        nudge: float,
    ) -> float:
        """Return the finite difference (L(w + h) - L(w - h)) / 2h for one weight, with h = ``nudge``."""
        values = []
        for step in (nudge, -nudge):
            moved = {**weights, name: weights[name].copy()}
            moved[name][index] += step
            values.append(self.loss(moved))
        return (values[0] - values[1]) / (2 * nudge)

    def _reference(self, weights: Mapping[str, npt.NDArray[np.float64]]) -> ReferenceNetwork:
        network = build_reference(self.model, self.shape, weights)
        network.begin_epoch(self.seed, 1)
        return network


def _off_the_kinks(
    weights: Mapping[str, npt.NDArray[np.float32]], seed: int
) -> dict[str, npt.NDArray[np.float64]]:
    """Add noise to every trainable weight.

    With zero biases, black pixels give pre-activations of exactly zero, where relu has no derivative
    and finite differences would not agree with any gradient.
    """
    found = {}
    for name, value in weights.items():
        noise = generator(seed, "sample", "gradcheck", name).normal(0, OFF, value.shape)
        still = name.rsplit("/", 1)[-1].startswith("moving_")
        found[name] = value.astype(np.float64) + (0.0 if still else noise)
    return found


def network_classes(check: _Check) -> int:
    """Return the number of outputs of the model."""
    shape = check.shape
    for layer in check.model.layers:
        shape = layer.output_shape(shape)
    return shape[-1]


def _first_small(errors: Iterable[float], enough: float) -> float:
    """Return the smallest error up to the first that is at most ``enough``; later ones are not computed."""
    best = math.inf
    for error in errors:
        best = min(best, error)
        if best <= enough:
            break
    return best


def _row(
    name: str,
    by_hand: npt.NDArray[np.float64],
    by_autograd: npt.NDArray[np.float64],
    nudge_error: float,
    least: float,
) -> GradientRow:
    scale = max(float(np.abs(by_hand).max()), least, 1e-300)
    return GradientRow(
        name=name,
        shape=by_hand.shape,
        by_hand=float(np.sqrt(np.mean(by_hand**2))),
        by_autograd=float(np.sqrt(np.mean(by_autograd**2))),
        autograd_error=float(np.abs(by_hand - by_autograd).max()) / scale,
        nudged=min(NUDGED, by_hand.size),
        nudge_error=nudge_error / scale,
    )
