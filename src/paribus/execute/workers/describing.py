"""Description of a worker by itself: versions, threads, instruction set, C kernels and GPU."""

from __future__ import annotations

import subprocess
import sys
from multiprocessing.connection import Connection
from typing import Any

from paribus.errors import TrialError
from paribus.execute.workers.arithmetic import settle, worker_arithmetic
from paribus.execute.workers.starting import start_worker
from paribus.nn.native.library import Built
from paribus.wording import plain

__all__ = ["described_worker"]

SECONDS = 120.0
"""Longest time to wait for a worker's description, from its start."""


def described_worker(kernels: Built) -> dict[str, Any]:
    """Start a worker as a run does, and return its description.

    Args:
        kernels: the C kernels that this process has compiled.

    Returns:
        The fingerprint of the environment, ``bf16_emulated``, and ``gpu``: the name of the GPU that torch
        finds, or None.

    Raises:
        TrialError: torch cannot be imported, or the worker ended before it sent its description.
    """
    _require_torch()
    process, connection = start_worker(_describe, (kernels,))
    try:
        if not connection.poll(SECONDS):
            raise TrialError(f"it said nothing for {SECONDS:.0f} seconds")
        said = connection.recv()
    except EOFError:
        process.join(1.0)
        raise TrialError(f"it ended at once (exit code {process.exitcode})") from None
    finally:
        connection.close()
        process.kill()
        process.join(5.0)
    if isinstance(said, str):
        raise TrialError(said)
    return dict(said)


def _require_torch() -> None:
    """Import torch in a separate process whose output is not shown; raise if that fails."""
    command = [sys.executable, "-c", "import torch"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)  # noqa: S603 - our own
    except subprocess.TimeoutExpired:
        raise TrialError(f"torch is not imported within {SECONDS:.0f} seconds") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        reason = said[-1] if said else f"exit code {done.returncode}"
        raise TrialError(f"torch cannot be imported ({plain(reason)})")


def _describe(connection: Connection, kernels: Built) -> None:
    try:
        connection.send(_self(kernels))
    except Exception as error:  # noqa: BLE001 - whatever is wrong here is what was asked
        connection.send(f"{type(error).__name__}: {error}")


def _self(kernels: Built) -> dict[str, Any]:
    import torch

    from paribus.engine.provenance.environment import bf16_is_emulated, environment_fingerprint

    settle(worker_arithmetic(kernels))
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    return {**environment_fingerprint("cpu"), "bf16_emulated": bf16_is_emulated(), "gpu": gpu}
