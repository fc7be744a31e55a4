"""Amount of memory that a process may use on this machine."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

__all__ = ["machine_memory"]

_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
UNKNOWN = 1 << 62
"""Number of bytes assumed if the system does not report its memory, so that no run is refused."""


def machine_memory() -> int:
    """Return the machine's memory in bytes, or the container's limit if that is lower."""
    found = [UNKNOWN]
    with contextlib.suppress(AttributeError, OSError, ValueError):
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for limit in _LIMITS:
        try:
            text = Path(limit).read_text(encoding="ascii").strip()
        except OSError:
            continue
        if text.isdecimal() and int(text) > 0:
            found.append(int(text))
    return min(found)
