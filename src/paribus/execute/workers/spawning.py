"""Spawning of processes with `WORKER_ENVIRONMENT`, SIGINT blocked, and no import of the main module."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import Any, Protocol

__all__ = ["WORKER_ENVIRONMENT", "Process", "die_with_parent", "spawn"]

WORKER_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # By default glibc returns freed memory to the kernel at once, so that each step causes page faults.
    "MALLOC_MMAP_THRESHOLD_": "1073741824",
    "MALLOC_TRIM_THRESHOLD_": "4294967296",
    "MALLOC_TOP_PAD_": "67108864",
    "MALLOC_ARENA_MAX": "1",
    # Large buffers use 2 MB pages; systems without them ignore these settings.
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    "THP_MEM_ALLOC_ENABLE": "1",
}


class Process(Protocol):
    """A started process: the methods used here of `multiprocessing.Process`."""

    @property
    def pid(self) -> int | None:
        """Return the process id; None before the start."""

    @property
    def exitcode(self) -> int | None:
        """Exit code; None while the process runs, minus the signal's number if a signal ended it."""

    def kill(self) -> None:
        """Kill the process if it has not ended."""

    def join(self, timeout: float | None = None) -> None:
        """Wait until the process has ended, at most for ``timeout`` seconds."""


def spawn(target: Callable[..., None], arguments: tuple[Any, ...]) -> tuple[Process, Connection]:
    """Start a process with `WORKER_ENVIRONMENT`.

    Args:
        target: function called in the new process with its end of a pipe, followed by the arguments.
        arguments: picklable arguments.

    Returns:
        The process and the caller's end of the pipe.
    """
    context = multiprocessing.get_context("spawn")
    own, theirs = context.Pipe()
    process = context.Process(target=target, args=(theirs, *arguments), daemon=True)
    with _environment(WORKER_ENVIRONMENT), _interrupts_blocked(), _main_hidden():
        process.start()
    theirs.close()
    return process, own


@contextlib.contextmanager
def _environment(settings: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _main_hidden() -> Iterator[None]:
    """Hide the main module, so that workers do not import the caller's script and run the study again."""
    main = sys.modules["__main__"]
    spec, file = main.__spec__, getattr(main, "__file__", None)
    main.__spec__ = None
    if file is not None:
        del main.__file__
    try:
        yield
    finally:
        main.__spec__ = spec
        if file is not None:
            main.__file__ = file


@contextlib.contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Block SIGINT, which children inherit; a SIGINT to this process stays pending until the block ends."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # otherwise started by `process.start`, which unblocks SIGINT
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def die_with_parent(parent: int) -> None:
    """Ask Linux to kill this process when its parent ends; other systems ignore it.

    If the parent has ended before this call, the process has another parent and exits at once.

    Args:
        parent: process id of the parent that this process must not outlive.
    """
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
