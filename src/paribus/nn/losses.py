"""Losses on raw outputs. A final softmax is never applied twice: cross-entropy works on logits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from paribus.nn.modules.activation import activate
from paribus.nn.training import TrainSpec

__all__ = ["LossFunction", "Reduction", "build_loss"]

Reduction = Literal["mean", "sum", "none"]
LossFunction = Callable[[Tensor, Tensor, Reduction], Tensor]
"""(raw outputs (n, class), labels (n,), reduction over examples) -> scalar, or (n,) for none."""


def build_loss(
    train: TrainSpec, final_activation: str, num_classes: int, *, plain: bool = False
) -> LossFunction:
    """Return the loss of a study for a network that ends in ``final_activation``.

    Args:
        train: training settings with the loss and the label smoothing.
        final_activation: softmax, sigmoid or linear (taken as logits by cross-entropies).
        num_classes: number of outputs of the network.
        plain: whether to leave out label smoothing, as in reported losses.

    ``half_squared_error`` is the textbook's sum of squares over all outputs, halved.

    Source: Keras 3 losses; smoothing is y * (1 - s) + s / classes (binary: + s / 2).
    """
    smoothing = 0.0 if plain else train.label_smoothing

    def cross_entropy(raw: Tensor, labels: Tensor, reduction: Reduction) -> Tensor:
        logits = F.logsigmoid(raw) if final_activation == "sigmoid" else raw
        return F.cross_entropy(logits, labels, reduction=reduction, label_smoothing=smoothing)

    def squared_error(raw: Tensor, labels: Tensor, reduction: Reduction) -> Tensor:
        targets = _one_hot(labels, num_classes, smoothing, smoothing / num_classes)
        errors = (activate(raw, final_activation) - targets).square().mean(1)
        return _reduced(errors, reduction)

    def binary(raw: Tensor, labels: Tensor, reduction: Reduction) -> Tensor:
        targets = _one_hot(labels, num_classes, smoothing, smoothing / 2)
        logits = _logits_of_softmax(raw) if final_activation == "softmax" else raw
        losses = F.binary_cross_entropy_with_logits(logits, targets, reduction="none").mean(1)
        return _reduced(losses, reduction)

    def half_squared_error(raw: Tensor, labels: Tensor, reduction: Reduction) -> Tensor:
        targets = _one_hot(labels, num_classes, smoothing, smoothing / num_classes)
        errors = (activate(raw, final_activation) - targets).square().sum(1) / 2
        return _reduced(errors, reduction)

    if train.loss == "mean_squared_error":
        return squared_error
    if train.loss == "half_squared_error":
        return half_squared_error
    return binary if train.loss == "binary_crossentropy" else cross_entropy


def _reduced(losses: Tensor, reduction: Reduction) -> Tensor:
    if reduction == "none":
        return losses
    return losses.mean() if reduction == "mean" else losses.sum()


def _one_hot(labels: Tensor, num_classes: int, smoothing: float, floor: float) -> Tensor:
    return F.one_hot(labels, num_classes).float() * (1 - smoothing) + floor


def _logits_of_softmax(raw: Tensor) -> Tensor:
    """Return log(p / (1 - p)) of each softmax probability p: the logit minus the logsumexp of the others."""
    others = raw.unsqueeze(1).expand(-1, raw.shape[1], -1)
    own = torch.eye(raw.shape[1], dtype=torch.bool, device=raw.device)
    return raw - torch.logsumexp(others.masked_fill(own, float("-inf")), 2)
