"""Evaluation: loss, accuracy and probabilities in evaluation mode, in batches of one fixed size.

The size is fixed because another one could change the last bits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from ceteris.engine.images import DeviceImages
from ceteris.engine.precision import products_in
from ceteris.nn.build import Network
from ceteris.nn.losses import LossFunction
from ceteris.nn.training import Precision

__all__ = ["EVALUATION_BATCH", "Scorer", "Scores", "evaluate", "predict"]

EVALUATION_BATCH = 1000


@dataclass(frozen=True)
class Scores:
    """Mean loss without penalty, and the fraction of correct guesses."""

    loss: float
    accuracy: float


@dataclass(frozen=True)
class Scorer:
    """How a study scores a network: its loss, and the precision of its products."""

    loss: LossFunction
    precision: Precision = "fp32"


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
    network.eval()
    total = torch.zeros((), dtype=torch.float64, device=images.device)
    correct = torch.zeros((), dtype=torch.int64, device=images.device)
    count = len(images) if only is None else len(only)
    with torch.inference_mode():
        for positions in _batches(count, only, images.device):
            with products_in(scorer.precision, images.device):
                raw = network(images.batch(positions))
            truth = labels[positions]
            total += scorer.loss(raw.float(), truth, "sum").double()
            correct += (raw.argmax(1) == truth).sum()
    return Scores(float(total) / count, float(correct) / count)


def predict(network: Network, images: DeviceImages, scorer: Scorer) -> Tensor:
    """Return class probabilities ``(example, class)`` on the CPU, in evaluation mode."""
    network.eval()
    parts = []
    with torch.inference_mode():
        for positions in _batches(len(images), None, images.device):
            with products_in(scorer.precision, images.device):
                raw = network(images.batch(positions))
            parts.append(network.probabilities(raw.float()).cpu())
    return torch.cat(parts)


def _batches(count: int, only: Tensor | None, device: torch.device) -> Iterator[Tensor]:
    positions = torch.arange(count, device=device) if only is None else only
    yield from torch.split(positions, EVALUATION_BATCH)
