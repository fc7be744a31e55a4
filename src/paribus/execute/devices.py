"""Checks whether a device can be used, before a run writes anything and without importing torch."""

from __future__ import annotations

import ctypes
import sys
from importlib.metadata import version

from paribus.errors import Problem, StudyError

__all__ = ["no_gpu", "require_device"]

_DRIVERS = {"linux": "libcuda.so.1", "win32": "nvcuda.dll"}
"""Operating system -> library of the CUDA driver."""


def require_device(device: str) -> None:
    """Raise if torch cannot use a device for a reason that is known without loading it.

    Args:
        device: ``cpu`` or ``cuda``. Workers ask torch itself when they start.

    Raises:
        StudyError: ``cuda``, with a torch for CPUs only or without a CUDA driver that finds a GPU.
    """
    if device != "cuda":
        return
    torch = version("torch")
    if torch.endswith("+cpu") or _num_gpus() == 0:
        raise no_gpu(torch)


def no_gpu(torch: str) -> StudyError:
    """Return the error that torch cannot use a GPU.

    Args:
        torch: version of torch.
    """
    return StudyError(
        Problem(
            "--device",
            "cuda needs a GPU that torch can use; torch sees none",
            f"torch {torch}",
            "Use --device cpu, or install a torch with CUDA.",
        )
    )


def _num_gpus() -> int | None:
    """Return the number of GPUs that the CUDA driver finds; None where its library has no known name."""
    name = _DRIVERS.get(sys.platform)
    if name is None:
        return None
    try:
        driver = ctypes.CDLL(name)
    except OSError:
        return 0
    count = ctypes.c_int(0)
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
        return 0
    return count.value
