"""Standard input, output and error of this process, open whatever the shell has closed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["fill_standard_files"]


def fill_standard_files() -> None:
    """Open /dev/null for standard streams that the shell has closed (``>&-``).

    Otherwise the next file or socket would get file descriptor 0, 1 or 2.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - never closed
