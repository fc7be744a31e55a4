"""Evaluation: losses, accuracy and probabilities in evaluation mode, in batches of one fixed size.

The size is fixed because another one could change the last bits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from paribus.engine.images import DeviceImages
from paribus.engine.precision import exact_products, products_in
from paribus.nn.build import Network
from paribus.nn.losses import LossFunction, Reduction, build_loss
from paribus.nn.training import Precision, TrainSpec

__all__ = [
    "EVALUATION_BATCH",
    "Scorer",
    "Scores",
    "evaluate",
    "evaluate_and_predict",
    "train_metrics",
]

EVALUATION_BATCH = 250


@dataclass(frozen=True)
class Scores:
    """Mean losses, and the fraction of correct guesses."""

    loss: float
    """Without label smoothing and penalties, so that variants can be compared."""
    accuracy: float
    smoothed: float
    """With label smoothing; equal to ``loss`` where there is none."""


def train_metrics(scores: Scores, penalty: float) -> dict[str, float]:
    """Return what is kept of the scores of training images.

    Args:
        scores: in evaluation mode.
        penalty: of the weights that gave them.

    Returns:
        ``loss``, ``accuracy``, and as ``objective`` what the optimizer minimises, without its noise:
        the loss with label smoothing and penalties, on the same images and in the same mode as ``loss``.
    """
    objective = scores.smoothed + penalty
    return {"loss": scores.loss, "accuracy": scores.accuracy, "objective": objective}


@dataclass(frozen=True)
class Scorer:
    """How a study scores a network: its losses, the precision of its products, mirror images."""

    loss: LossFunction
    """As it is reported: without label smoothing."""
    objective: LossFunction
    """As it is minimised, but for penalties; the same function where nothing is smoothed."""
    precision: Precision = "fp32"
    flip: bool = False

    @classmethod
    def of(cls, train: TrainSpec, final_activation: str, num_classes: int) -> Scorer:
        """Return the scorer of resolved training settings."""
        objective = build_loss(train, final_activation, num_classes)
        loss = objective
        if train.label_smoothing:
            loss = build_loss(train, final_activation, num_classes, plain=True)
        return cls(loss, objective, train.precision, train.test_time_flip)

    def losses(self, raw: Tensor, labels: Tensor, reduction: Reduction) -> tuple[Tensor, Tensor]:
        """Return the reported loss and the minimised one, computed once where they are one."""
        loss = self.loss(raw, labels, reduction)
        if self.objective is self.loss:
            return loss, loss
        return loss, self.objective(raw, labels, reduction)

    def raw(self, network: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
        """Return raw outputs in float32, as evaluation sees them."""
        with products_in(self.precision, images.device):
            raw = network(images).float()
            return (raw + network(images.flip(3)).float()) / 2 if self.flip else raw


def evaluate(
    network: Network,
    images: DeviceImages,
    labels: Tensor,
    scorer: Scorer,
    only: Tensor | None = None,
) -> Scores:
    """Score a network in evaluation mode.

    Args:
        network: is put into evaluation mode.
        images: what it sees.
        labels: ``(example,)``.
        scorer: loss and precision.
        only: positions to score; all by default.
    """
    return _score(network, images, labels, scorer, only)


def evaluate_and_predict(
    network: Network, images: DeviceImages, labels: Tensor, scorer: Scorer
) -> tuple[Scores, Tensor, Tensor]:
    """Score a network; return also the class probabilities and their logarithms, on the CPU.

    Both are ``(example, class)``; logarithms come from the raw outputs, so that none is of zero.
    """
    kept: list[tuple[Tensor, Tensor]] = []
    scores = _score(network, images, labels, scorer, None, kept)
    probabilities, logarithms = zip(*kept, strict=True)
    return scores, torch.cat(probabilities), torch.cat(logarithms)


@exact_products()
def _score(
    network: Network,
    images: DeviceImages,
    labels: Tensor,
    scorer: Scorer,
    only: Tensor | None,
    kept: list[tuple[Tensor, Tensor]] | None = None,
) -> Scores:
    network.eval()
    total = torch.zeros(2, dtype=torch.float64, device=images.device)
    correct = torch.zeros((), dtype=torch.int64, device=images.device)
    count = len(images) if only is None else len(only)
    positions = torch.arange(count, device=images.device) if only is None else only
    with torch.inference_mode():
        for batch in torch.split(positions, EVALUATION_BATCH):
            raw, truth = scorer.raw(network, images.batch(batch)), labels[batch]
            total += torch.stack(scorer.losses(raw, truth, "sum")).double()
            correct += (raw.argmax(1) == truth).sum()
            if kept is not None:
                kept.append(
                    (network.probabilities(raw).cpu(), network.log_probabilities(raw).cpu())
                )
    loss, smoothed = total.tolist()
    return Scores(loss / count, float(correct) / count, smoothed / count)
