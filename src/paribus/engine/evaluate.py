"""Evaluation: losses, accuracy and probabilities in evaluation mode, in batches of one fixed size.

The batch size is fixed because another size could change the last bits of the results.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from paribus.engine.device_images import DeviceImages
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
"""Number of examples per evaluation batch."""


@dataclass(frozen=True)
class Scores:
    """Mean losses and accuracy over examples."""

    loss: float
    """Mean loss without label smoothing and penalties, so that variants can be compared."""
    accuracy: float
    """Fraction of correct predictions."""
    smoothed: float
    """Mean loss with the study's label smoothing; equal to ``loss`` without smoothing."""


def train_metrics(scores: Scores, penalty: float) -> dict[str, float]:
    """Return the metrics of training images.

    Args:
        scores: scores in evaluation mode.
        penalty: weight penalty (regularisation) of the scored network.

    Returns:
        ``loss``, ``accuracy`` and ``objective``. The objective is the quantity that the optimizer
        minimises, the loss with label smoothing plus penalties, here on the same images and in
        evaluation mode like ``loss``, without the noise of dropout and batches.
    """
    objective = scores.smoothed + penalty
    return {"loss": scores.loss, "accuracy": scores.accuracy, "objective": objective}


@dataclass(frozen=True)
class Scorer:
    """How a variant is scored: its losses, the precision of products, and test-time flips."""

    loss: LossFunction
    """The reported loss, without label smoothing."""
    objective: LossFunction
    """The minimised loss, with label smoothing, without penalties; ``loss`` itself without smoothing."""
    precision: Precision = "fp32"
    flip: bool = False
    """Whether raw outputs are averaged over each image and its mirror image."""

    @classmethod
    def of(cls, train: TrainSpec, final_activation: str, num_classes: int) -> Scorer:
        """Return the scorer of resolved training settings."""
        objective = build_loss(train, final_activation, num_classes)
        loss = objective
        if train.label_smoothing:
            loss = build_loss(train, final_activation, num_classes, plain=True)
        return cls(loss, objective, train.precision, train.test_time_flip)

    def losses(self, raw: Tensor, labels: Tensor, reduction: Reduction) -> tuple[Tensor, Tensor]:
        """Return the reported and the minimised loss, computed once if they are the same function."""
        loss = self.loss(raw, labels, reduction)
        if self.objective is self.loss:
            return loss, loss
        return loss, self.objective(raw, labels, reduction)

    def raw(self, network: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
        """Return the logits in float32, averaged over mirror images if ``flip``."""
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
        network: the network, which is switched to evaluation mode.
        images: images to score.
        labels: ``(example,)``.
        scorer: loss and precision.
        only: positions of the examples to score; by default all.
    """
    return _score(network, images, labels, scorer, only)


def evaluate_and_predict(
    network: Network, images: DeviceImages, labels: Tensor, scorer: Scorer
) -> tuple[Scores, Tensor, Tensor]:
    """Score a network, and return the class probabilities and their logarithms, too.

    Both are ``(example, class)`` on the CPU. Logarithms are computed from the logits, so that they are
    finite even if a probability is rounded to zero.
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
