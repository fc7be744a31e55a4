"""Evaluation: loss, accuracy and probabilities in evaluation mode, in batches of one fixed size.

The size is fixed because another one could change the last bits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ceteris.engine.images import DeviceImages
from ceteris.engine.precision import exact_products, products_in
from ceteris.nn.build import Network
from ceteris.nn.losses import LossFunction, build_loss
from ceteris.nn.training import Precision, TrainSpec

__all__ = ["EVALUATION_BATCH", "Scorer", "Scores", "evaluate", "evaluate_and_predict"]

EVALUATION_BATCH = 250


@dataclass(frozen=True)
class Scores:
    """Mean loss without penalty, and the fraction of correct guesses."""

    loss: float
    accuracy: float


@dataclass(frozen=True)
class Scorer:
    """How a study scores a network: its loss, the precision of its products, mirror images."""

    loss: LossFunction
    precision: Precision = "fp32"
    flip: bool = False

    @classmethod
    def of(cls, train: TrainSpec, final_activation: str, num_classes: int) -> Scorer:
        """Return the scorer of resolved training settings."""
        loss = build_loss(train, final_activation, num_classes)
        return cls(loss, train.precision, train.test_time_flip)

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
) -> tuple[Scores, Tensor]:
    """Score a network, and return the class probabilities ``(example, class)`` on the CPU."""
    kept: list[Tensor] = []
    scores = _score(network, images, labels, scorer, None, kept)
    return scores, torch.cat(kept)


@exact_products()
def _score(
    network: Network,
    images: DeviceImages,
    labels: Tensor,
    scorer: Scorer,
    only: Tensor | None,
    kept: list[Tensor] | None = None,
) -> Scores:
    network.eval()
    total = torch.zeros((), dtype=torch.float64, device=images.device)
    correct = torch.zeros((), dtype=torch.int64, device=images.device)
    count = len(images) if only is None else len(only)
    positions = torch.arange(count, device=images.device) if only is None else only
    with torch.inference_mode():
        for batch in torch.split(positions, EVALUATION_BATCH):
            raw, truth = scorer.raw(network, images.batch(batch)), labels[batch]
            total += scorer.loss(raw, truth, "sum").double()
            correct += (raw.argmax(1) == truth).sum()
            if kept is not None:
                kept.append(network.probabilities(raw).cpu())
    return Scores(float(total) / count, float(correct) / count)
