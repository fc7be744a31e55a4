"""Forward and backward pass of one batch of every member of a group; on CUDA, a graph of it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from paribus.engine.augment import Augmenter
from paribus.engine.evaluate import Scorer
from paribus.engine.images import DeviceImages
from paribus.engine.precision import products_in
from paribus.nn.stacked.network import StackedNetwork

__all__ = ["Batches", "GroupStep"]

WARM_UP = 3
"""Passes before a graph is recorded, in which libraries choose and allocate."""


@dataclass(frozen=True)
class Batches:
    """Where batches come from."""

    images: DeviceImages
    labels: Tensor
    augmenter: Augmenter | None

    def __call__(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        """Return images and labels of ``(member, n)`` positions, member after member."""
        chosen = positions.flatten()
        images = self.images.batch(chosen)
        if self.augmenter is not None:
            images = self.augmenter(images, positions)
        return images, self.labels[chosen]


class GroupStep:
    """Leaves the gradients of a batch in the parameters, and remembers which losses broke.

    A CUDA graph is recorded at the first full batch; smaller batches run as they are.
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
        """Per member: the first step, from 1, whose loss is not finite; 0 if all are."""
        self.first = torch.zeros(size, device=self.device)
        """Per member: the loss of the epoch's first batch."""
        self.number = torch.zeros((), dtype=torch.int64, device=self.device)
        self._graph: torch.cuda.CUDAGraph | None = None
        self._positions: Tensor | None = None
        self._gradients: list[Tensor | None] = []

    def begin_epoch(self) -> None:
        """Forget what failed before."""
        self.failures.zero_()
        self.number.zero_()

    def first_failures(self) -> list[int]:
        """Read `failures`; waits for the device."""
        found: list[int] = self.failures.cpu().tolist()
        return found

    def __call__(self, positions: Tensor) -> None:
        """Run a batch.

        Args:
            positions: ``(member, batch)``.
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
        total = losses.mean(1).sum()  # a sum over members: none sees the others
        penalty = self.network.penalty()
        if penalty is not None:
            total = total + penalty
        total.backward()  # type: ignore[no-untyped-call]

    def _recorded(self, positions: Tensor) -> torch.cuda.CUDAGraph:
        """Record the pass, after a few unrecorded ones whose traces are wiped out.

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
