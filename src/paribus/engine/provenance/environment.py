"""Environment fingerprint of a trial: results are bit-equal only within equal environments."""

from __future__ import annotations

import platform
from typing import Any

import numpy as np
import torch

from paribus.engine.evaluate import EVALUATION_BATCH
from paribus.engine.provenance.version import ENGINE_VERSION
from paribus.nn.native.library import library
from paribus.version import __version__

__all__ = ["bf16_is_emulated", "environment_fingerprint", "memory_is_kept"]

_PROBE = 12_000_000
"""Number of floats of a probe allocation: 48 MB, which glibc by default returns to the system when freed."""
_FEW_FAULTS = 64
"""With fewer page faults, the probe reused memory that the process had kept."""
_ROUNDS = 8
"""Number of probe allocations."""


def environment_fingerprint(device: str) -> dict[str, Any]:
    """Return the versions, instruction set and sizes that can change the bits of a result.

    Args:
        device: ``cpu`` or ``cuda``.
    """
    seen = device == "cuda" and torch.cuda.is_available()
    accelerator = torch.cuda.get_device_name() if seen else None
    return {
        "paribus": __version__,
        "engine": ENGINE_VERSION,
        "python": platform.python_version(),
        "torch": str(torch.__version__),  # a plain str: unpickling its class imports torch
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
    """Return whether this processor has no bf16 instructions, so that bf16 products are emulated.

    Returns:
        False also if it is unknown, as on processors other than x86.
    """
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return False
    asked = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    known = [getattr(torch.cpu, name) for name in asked if hasattr(torch.cpu, name)]
    return bool(known) and not any(ask() for ask in known)


def memory_is_kept() -> bool | None:
    """Return whether freed heap memory stays with the process; else every step causes page faults.

    Returns:
        None if the system does not count page faults.
    """
    try:
        import resource
    except ImportError:
        return None
    for _ in range(_ROUNDS):  # the heap may grow a few times before memory is reused
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        torch.empty(_PROBE).fill_(0.0)
        if resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before < _FEW_FAULTS:
            return True
    return False
