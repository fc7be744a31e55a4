"""PyTorch: the tutorial's loop with DataLoader, or tuned in good faith.

Tuned: tensors in memory, channels_last, autocast where bf16 is asked for, large evaluation batches.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import Any

import torch
from order import Data, Order, Report, read_order
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset
from torch_model import count_of, network_of, optimizer_of, penalty_of

EVALUATION_BATCH = 1000
Batches = Iterator[tuple[Tensor, Tensor]]


class Tutorial:
    """DataLoader in its defaults."""

    def __init__(self, arrays: tuple[Any, Any], size: int, *, shuffle: bool) -> None:
        images = torch.from_numpy(arrays[0]).permute(0, 3, 1, 2).contiguous()
        data = TensorDataset(images, torch.from_numpy(arrays[1]))
        self.loader = DataLoader(data, batch_size=size, shuffle=shuffle)

    def __iter__(self) -> Batches:
        """Yield batches."""
        return iter(self.loader)


class InMemory:
    """One gather per batch."""

    def __init__(self, arrays: tuple[Any, Any], size: int, *, shuffle: bool) -> None:
        self.images = torch.from_numpy(arrays[0]).permute(0, 3, 1, 2)
        self.labels = torch.from_numpy(arrays[1])
        self.size, self.shuffle = size if shuffle else EVALUATION_BATCH, shuffle

    def __iter__(self) -> Batches:
        """Yield batches."""
        count = len(self.labels)
        if not self.shuffle:
            for start in range(0, count, self.size):
                yield self.images[start : start + self.size], self.labels[start : start + self.size]
            return
        for chosen in torch.randperm(count).split(self.size):
            yield self.images[chosen], self.labels[chosen]


def score(network: nn.Module, batches: Any, report: Report, narrow: bool) -> float:
    """Return the accuracy."""
    network.eval()
    correct = total = 0
    losses = 0.0
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=narrow):
        for images, labels in batches:
            raw = network(images)
            losses += F.cross_entropy(raw.float(), labels, reduction="sum").item()
            correct += int((raw.argmax(1) == labels).sum())
            total += len(labels)
    report.evaluated += total
    if not math.isfinite(losses):
        raise FloatingPointError(report.variant)
    return correct / total


def run(trial: dict[str, Any], data: Data, order: Order) -> Report:
    """Train and score one trial."""
    tuned, narrow = order.style == "tuned", order.precision == "bf16"
    network = network_of(trial, data.train[0].shape[1:])
    if tuned:
        network = network.to(memory_format=torch.channels_last)
    optimizer = optimizer_of(trial, network)
    kind, size = (InMemory if tuned else Tutorial), trial["batch_size"]
    train = kind(data.train, size, shuffle=True)
    whole = kind(data.train, size, shuffle=False)
    sample = kind(data.sample, size, shuffle=False)
    held_out = kind(data.validation, size, shuffle=False)
    report = Report(trial["variant"], trial["seed"], count_of(network))
    for _ in range(trial["epochs"]):
        start = time.perf_counter()
        network.train()
        for images, labels in train:
            with torch.autocast("cpu", torch.bfloat16, enabled=narrow):
                raw = network(images)
            loss = F.cross_entropy(raw.float(), labels) + penalty_of(trial, network)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            report.steps += 1
            report.trained += len(labels)
        report.epoch_seconds.append(time.perf_counter() - start)
        score(network, sample, report, narrow)
        score(network, held_out, report, narrow)
    score(network, whole, report, narrow)
    report.val_accuracy = score(network, held_out, report, narrow)
    return report


def main(order: Order) -> None:
    """Run all trials one after another in this process."""
    if order.threads:
        torch.set_num_threads(order.threads)
    data = order.arrays()
    order.write([run(trial, data, order) for trial in order.trials])


main(read_order())
