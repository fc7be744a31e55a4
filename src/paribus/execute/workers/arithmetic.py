"""How a process computes: threads, denormal numbers, the C kernels; what a trial's bits depend on.

A worker is settled once. A process that has other things to do takes a worker's arithmetic for a while
and gives its own back.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paribus.nn.native.library import Built, chosen, use

if TYPE_CHECKING:
    import torch

__all__ = ["Arithmetic", "present_arithmetic", "settle", "settled", "worker_arithmetic"]


@dataclass(frozen=True)
class Arithmetic:
    """Settings of a process that decide bits."""

    threads: int
    """Of PyTorch."""
    flushes_denormals: bool
    """Whether numbers too small for full precision count as zero; a setting of the calling thread."""
    kernels: Built | None
    """None: those that are built when they are first needed."""
    number_format: torch.dtype
    """Of new tensors."""
    keeps_gradients: bool
    """Whether operations are recorded for the backward pass."""


def worker_arithmetic(kernels: Built) -> Arithmetic:
    """Return how every worker computes: on one thread, without denormals.

    Args:
        kernels: what the calling process has compiled.
    """
    import torch

    return Arithmetic(1, True, kernels, torch.float32, True)


def present_arithmetic() -> Arithmetic:
    """Return how this thread computes now."""
    import torch

    smallest = sys.float_info.min
    return Arithmetic(
        torch.get_num_threads(),
        smallest / 2 == 0,  # PyTorch has no function that tells
        chosen(),
        torch.get_default_dtype(),
        torch.is_grad_enabled(),
    )


def settle(wanted: Arithmetic) -> None:
    """Let this process compute in a given way from now on.

    Args:
        wanted: what `worker_arithmetic` or `present_arithmetic` has returned.
    """
    import torch

    if chosen() != wanted.kernels:
        use(wanted.kernels)
    torch.set_num_threads(wanted.threads)
    torch.set_flush_denormal(wanted.flushes_denormals)
    torch.set_default_dtype(wanted.number_format)
    torch.set_grad_enabled(wanted.keeps_gradients)


@contextlib.contextmanager
def settled(wanted: Arithmetic) -> Iterator[None]:
    """Let this process compute in a given way for a while, however that ends.

    Args:
        wanted: for the while.
    """
    before = present_arithmetic()
    settle(wanted)
    try:
        yield
    finally:
        settle(before)
