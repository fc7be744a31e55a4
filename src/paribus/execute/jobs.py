"""Default number of workers on this machine."""

from __future__ import annotations

import os

__all__ = ["available_cores", "default_jobs"]


def available_cores() -> int:
    """Return the number of processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def default_jobs(device: str) -> int:
    """Return the default number of workers: one per core; one for a GPU, which groups of trials fill."""
    return 1 if device.startswith("cuda") else available_cores()
