"""Forward and backward pass of one batch for all members of a group, on CUDA as a CUDA graph."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from paribus.engine.augment import Augmenter
from paribus.engine.device_images import DeviceImages
from paribus.engine.evaluate import Scorer
from paribus.engine.precision import products_in
from paribus.nn.stacked.network import StackedNetwork

__all__ = ["Batches", "GroupStep"]

WARM_UP = 3
"""Number of passes before a graph is recorded, in which libraries choose algorithms and allocate."""


@dataclass(frozen=True)
class Batches:
    """Source of batches: images, labels and augmentation."""

    images: DeviceImages
    labels: Tensor
    augmenter: Augmenter | None

    def __call__(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        """Return images and labels at positions ``(member, n)``, flattened to ``member * n`` examples."""
        chosen = positions.flatten()
        images = self.images.batch(chosen)
        if self.augmenter is not None:
            images = self.augmenter(images, positions)
        return images, self.labels[chosen]


class GroupStep:
    """Computes the gradients of a batch into ``parameter.grad``, and records non-finite losses.

    On CUDA a graph is recorded at the first full batch; smaller batches run without a graph.
    """

    def __init__(
        self, network: StackedNetwork, batches: Batches, scorer: Scorer, *, full_batch: int
    ) -> None:
        self.network, self.batches, self.scorer = network, batches, scorer
        self.full_batch = full_batch
        self.parameters = list(network.parameters())
        self.device = batches.labels.device
        size = network.num_members
        self.failures = torch.zeros(size, dtype=torch.int64, device=self.device)
        """``(member,)``, first step of the epoch, from 1, with a non-finite loss; 0 if there is none."""
        self.first = torch.zeros(size, device=self.device)
        """``(member,)``, loss of the first batch of the epoch."""
        self.number = torch.zeros((), dtype=torch.int64, device=self.device)
        self._graph: torch.cuda.CUDAGraph | None = None
        self._positions: Tensor | None = None
        self._gradients: list[Tensor | None] = []

    def begin_epoch(self) -> None:
        """Reset the step number and the recorded failures."""
        self.failures.zero_()
        self.number.zero_()

    def first_failures(self) -> list[int]:
        """Return ``failures`` as a list; synchronises with the device."""
        found: list[int] = self.failures.cpu().tolist()
        return found

    def __call__(self, positions: Tensor) -> None:
        """Run forward and backward pass of a batch.

        Args:
            positions: ``(member, batch)``, positions of the training examples.
        """
        if self.device.type != "cuda" or positions.shape[1] != self.full_batch:
            self._forget_gradients()
            self._run(positions)
            return
        if self._graph is None or self._positions is None:
            self._positions = positions.clone()
            self._graph = self._recorded(self._positions)
        self._positions.copy_(positions)
        self._graph.replay()
        for parameter, gradient in zip(self.parameters, self._gradients, strict=True):
            parameter.grad = gradient

    def _forget_gradients(self) -> None:
        for parameter in self.parameters:
            parameter.grad = None

    def _run(self, positions: Tensor) -> None:
        images, labels = self.batches(positions)
        with products_in(self.scorer.precision, self.device):
            raw = self.network(images)
        losses = self.scorer.objective(raw.float(), labels, "none").view(len(positions), -1)
        self.number += 1
        self.first.copy_(torch.where(self.number == 1, losses.detach().mean(1), self.first))
        broken = (self.failures == 0) & ~torch.isfinite(losses.detach()).all(1)
        self.failures.copy_(torch.where(broken, self.number, self.failures))
        total = losses.mean(1).sum()  # a sum, so that members' gradients are independent
        penalty = self.network.penalty()
        if penalty is not None:
            total = total + penalty
        total.backward()  # type: ignore[no-untyped-call]

    def _recorded(self, positions: Tensor) -> torch.cuda.CUDAGraph:
        """Record a CUDA graph after warm-up passes, whose changes of buffers and counters are undone.

        Source: "Whole-network capture" in PyTorch's notes on CUDA semantics.
        """
        moving = [*self.network.buffers(), self.failures, self.first, self.number]
        kept = [tensor.clone() for tensor in moving]
        side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(WARM_UP):
                self._forget_gradients()
                self._run(positions)
        torch.cuda.current_stream().wait_stream(side)
        self._forget_gradients()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._run(positions)
        self._gradients = [parameter.grad for parameter in self.parameters]
        for tensor, value in zip(moving, kept, strict=True):
            tensor.copy_(value)
        return graph
