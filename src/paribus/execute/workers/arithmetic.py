"""Process-wide settings on which the bits of a result depend: threads, denormal numbers, C kernels.

A worker applies them once, when it starts. A process that also does other things applies them for the
time of a task and then restores its own.
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
    """Process-wide settings on which the bits of a result depend."""

    threads: int
    """Number of PyTorch's threads."""
    flushes_denormals: bool
    """Whether numbers too small for full precision count as zero; a setting of the calling thread."""
    kernels: Built | None
    """The compiled C kernels; None for those that are built when they are first needed."""
    number_format: torch.dtype
    """Default type of new tensors."""
    keeps_gradients: bool
    """Whether operations are recorded for the backward pass."""


def worker_arithmetic(kernels: Built) -> Arithmetic:
    """Return the settings of every worker: one thread, denormals flushed to zero.

    Args:
        kernels: the C kernels that the calling process has compiled.
    """
    import torch

    return Arithmetic(1, True, kernels, torch.float32, True)


def present_arithmetic() -> Arithmetic:
    """Return the present settings of this process and thread."""
    import torch

    smallest = sys.float_info.min
    return Arithmetic(
        torch.get_num_threads(),
        smallest / 2 == 0,  # PyTorch cannot report this setting, so it is measured
        chosen(),
        torch.get_default_dtype(),
        torch.is_grad_enabled(),
    )


def settle(wanted: Arithmetic) -> None:
    """Apply settings to this process from now on.

    Args:
        wanted: settings from `worker_arithmetic` or `present_arithmetic`.
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
    """Apply settings to this process within a ``with`` block, and restore the earlier ones after it.

    Args:
        wanted: settings for the block.
    """
    before = present_arithmetic()
    settle(wanted)
    try:
        yield
    finally:
        settle(before)
