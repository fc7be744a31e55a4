"""Run processes from outside: seconds, CPU seconds, and peak memory of the whole tree."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

SAMPLING_SECONDS = 0.1
QUIET_LOAD = 0.2
PATIENCE_SECONDS = 300.0


@dataclass(frozen=True)
class Measurement:
    """One run of an arm."""

    seconds: float
    """From the start of the first process to the end of the last."""
    cpu_seconds: float
    peak_bytes: int
    """Proportional set size of all processes together, at its highest."""


class ArmError(RuntimeError):
    """An arm's process failed."""


def run(
    commands: Sequence[Sequence[str]], environment: Mapping[str, str], log: Path
) -> Measurement:
    """Start all commands together and wait for them.

    Raises:
        ArmError: a process ended with another code than 0; its output is quoted.
    """
    before = os.times()
    start = time.perf_counter()
    with log.open("wb") as output:
        processes = [
            subprocess.Popen(
                command, env={**os.environ, **environment}, stdout=output, stderr=output
            )
            for command in commands
        ]
        peak = _Peak([process.pid for process in processes])
        peak.start()
        codes = [process.wait() for process in processes]
    seconds = time.perf_counter() - start
    peak.stop()
    after = os.times()
    if any(codes):
        tail = log.read_text(errors="replace")[-2000:]
        raise ArmError(f"{' '.join(commands[0])} ended with {codes}:\n{tail}")
    cpu = (after.children_user - before.children_user) + (
        after.children_system - before.children_system
    )
    return Measurement(seconds, cpu, peak.bytes)


class _Peak(threading.Thread):
    """Samples the memory of processes and all their descendants."""

    def __init__(self, pids: Sequence[int]) -> None:
        super().__init__(daemon=True)
        self.pids, self.bytes = pids, 0
        self._done = threading.Event()

    def run(self) -> None:
        while not self._done.wait(SAMPLING_SECONDS):
            self.bytes = max(self.bytes, sum(map(tree_bytes, self.pids)))

    def stop(self) -> None:
        """End sampling."""
        self._done.set()
        self.join()


def tree_bytes(pid: int) -> int:
    """Return the proportional set size of a process and its descendants; shared pages count once.

    Args:
        pid: of the root; 0 is returned once it has ended.
    """
    try:
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
    except psutil.Error:
        return 0
    return sum(map(_process_bytes, family))


def _process_bytes(process: psutil.Process) -> int:
    try:
        full = process.memory_full_info()
    except psutil.Error:
        return 0
    return int(getattr(full, "pss", full.rss))


def load() -> float:
    """Return the share of the machine that somebody uses now, over half a second."""
    return psutil.cpu_percent(interval=0.5) / 100


def wait_for_quiet(limit: float = QUIET_LOAD, patience: float = PATIENCE_SECONDS) -> float:
    """Wait until little else runs; return the share of the machine in use.

    Raises:
        ArmError: others keep the machine busy; figures would say more about them.
    """
    until = time.perf_counter() + patience
    while (now := load()) > limit:
        if time.perf_counter() > until:
            raise ArmError(f"the machine is busy: {now:.0%} in use, at most {limit:.0%} wanted")
    return now


class Busy:
    """One background process that uses one core, declared in the result."""

    def __enter__(self) -> Busy:
        code = "import numpy as np\na = np.random.rand(700, 700)\nwhile True: a @ a"
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
