"""Memory of this process. Free of torch.

Workers keep freed memory (see `paribus.execute.spawning`), which one variant's steps want and the
next variant's do not: between variants it is given back.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
from pathlib import Path

__all__ = ["give_memory_back", "private_bytes"]


def give_memory_back() -> None:
    """Let go of what is free, where the C library can; elsewhere nothing happens."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def private_bytes() -> int:
    """Return the memory that only this process holds; where the system does not say, its peak."""
    path = Path("/proc/self/smaps_rollup")
    if path.exists():
        fields = (line.split() for line in path.read_text().splitlines()[1:])
        return sum(1024 * int(item[1]) for item in fields if item[0].startswith("Private_"))
    try:
        import resource
    except ImportError:
        return 0
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
