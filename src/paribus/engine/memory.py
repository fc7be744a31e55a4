"""Memory of this process. Does not import torch.

Workers keep freed heap memory for the next step (see `paribus.execute.workers.spawning`). When the variant
changes, it is returned to the system, because the next variant's steps need blocks of other sizes.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
from pathlib import Path

__all__ = ["give_memory_back", "private_bytes"]


def give_memory_back() -> None:
    """Return freed heap memory to the system, if the C library has ``malloc_trim``."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def private_bytes() -> int:
    """Return the private memory of this process in bytes, or its peak memory if that is not known."""
    path = Path("/proc/self/smaps_rollup")
    if path.exists():
        fields = (line.split() for line in path.read_text().splitlines()[1:])
        return sum(1024 * int(item[1]) for item in fields if item[0].startswith("Private_"))
    try:
        import resource
    except ImportError:
        return 0
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
