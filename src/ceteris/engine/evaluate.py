"""Evaluation: loss, accuracy and probabilities in evaluation mode, in batches of one fixed size.

The size is fixed because another one could change the last bits.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ceteris.nn.build import Network
from ceteris.nn.losses import LossFunction

__all__ = ["EVALUATION_BATCH", "Scores", "evaluate", "network_input", "predict"]

EVALUATION_BATCH = 1000


@dataclass(frozen=True)
class Scores:
    """Mean loss without penalty, and the fraction of correct guesses."""

    loss: float
    accuracy: float


def network_input(images: Tensor) -> Tensor:
    """Turn ``(example, height, width, channel)`` into NCHW in channels_last memory, without a copy."""
    return images.permute(0, 3, 1, 2)


def evaluate(network: Network, images: Tensor, labels: Tensor, loss: LossFunction) -> Scores:
    """Score a network in evaluation mode.

    Args:
        network: is put into evaluation mode.
        images: ``(example, height, width, channel)``.
        labels: ``(example,)``.
        loss: of the study.
    """
    network.eval()
    total = torch.zeros((), dtype=torch.float64, device=images.device)
    correct = torch.zeros((), dtype=torch.int64, device=images.device)
    with torch.inference_mode():
        for start in range(0, len(images), EVALUATION_BATCH):
            batch = slice(start, start + EVALUATION_BATCH)
            raw = network(network_input(images[batch]))
            total += loss(raw, labels[batch], "sum").double()
            correct += (raw.argmax(1) == labels[batch]).sum()
    return Scores(float(total) / len(images), float(correct) / len(images))


def predict(network: Network, images: Tensor) -> Tensor:
    """Return class probabilities ``(example, class)`` on the CPU, in evaluation mode."""
    network.eval()
    parts = []
    with torch.inference_mode():
        for start in range(0, len(images), EVALUATION_BATCH):
            raw = network(network_input(images[start : start + EVALUATION_BATCH]))
            parts.append(network.probabilities(raw).float().cpu())
    return torch.cat(parts)
