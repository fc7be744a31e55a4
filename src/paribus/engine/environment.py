"""Where a trial ran: what has to be equal for its bits to be equal."""

from __future__ import annotations

import platform
from typing import Any

import numpy as np
import torch

from paribus.engine.evaluate import EVALUATION_BATCH
from paribus.engine.version import ENGINE_VERSION
from paribus.nn.native.library import library
from paribus.version import __version__

__all__ = ["bf16_is_emulated", "environment_fingerprint", "memory_is_kept"]

_PROBE = 12_000_000
"""Floats: 48 MB, which glibc hands back at once unless it is told not to."""
_FEW_FAULTS = 64
_ROUNDS = 8


def environment_fingerprint(device: str) -> dict[str, Any]:
    """Return versions, instruction set and sizes that decide bits.

    Args:
        device: ``cpu`` or ``cuda``.
    """
    seen = device == "cuda" and torch.cuda.is_available()
    accelerator = torch.cuda.get_device_name() if seen else None
    return {
        "paribus": __version__,
        "engine": ENGINE_VERSION,
        "python": platform.python_version(),
        "torch": str(torch.__version__),  # its own class would make a reader import torch
        "numpy": np.__version__,
        "machine": platform.machine(),
        "system": platform.system(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "device": accelerator or "cpu",
        "threads": torch.get_num_threads(),
        "evaluation_batch": EVALUATION_BATCH,
        "group_size": 1,
        "kernels": "torch" if library() is None else "native",
        "memory_kept": memory_is_kept(),
    }


def bf16_is_emulated() -> bool:
    """Say whether this processor multiplies bf16 numbers without instructions of its own for them.

    Returns:
        False also where that is not known, as on processors of other kinds than x86.
    """
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return False
    asked = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    known = [getattr(torch.cpu, name) for name in asked if hasattr(torch.cpu, name)]
    return bool(known) and not any(ask() for ask in known)


def memory_is_kept() -> bool | None:
    """Say whether freed memory stays with the process, or every step pays for page faults.

    Returns:
        None where the system does not count page faults.
    """
    try:
        import resource
    except ImportError:
        return None
    for _ in range(_ROUNDS):  # the heap may grow a few times before it serves from what it has
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        torch.empty(_PROBE).fill_(0.0)
        if resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before < _FEW_FAULTS:
            return True
    return False
