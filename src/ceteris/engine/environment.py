"""Where a trial ran: what has to be equal for its bits to be equal."""

from __future__ import annotations

import platform
from typing import Any

import numpy as np
import torch

from ceteris.engine.evaluate import EVALUATION_BATCH
from ceteris.engine.version import ENGINE_VERSION
from ceteris.version import __version__

__all__ = ["environment_fingerprint"]


def environment_fingerprint(device: str) -> dict[str, Any]:
    """Return versions, instruction set and sizes that decide bits.

    Args:
        device: ``cpu`` or ``cuda``.
    """
    accelerator = torch.cuda.get_device_name() if device.startswith("cuda") else None
    return {
        "ceteris": __version__,
        "engine": ENGINE_VERSION,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "machine": platform.machine(),
        "system": platform.system(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "device": accelerator or "cpu",
        "threads": torch.get_num_threads(),
        "evaluation_batch": EVALUATION_BATCH,
        "group_size": 1,
    }
