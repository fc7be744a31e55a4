"""Starting of workers: forked by the fork server on Linux, spawned elsewhere."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from paribus.execute.workers.fork_server import ForkServer
from paribus.execute.workers.spawning import Process, die_with_parent, spawn
from paribus.standard_files import fill_standard_files

__all__ = ["SERVER", "start_worker"]

SERVER = ForkServer()
"""The client of the only fork server of this program."""


def start_worker(
    target: Callable[..., None], arguments: tuple[Any, ...]
) -> tuple[Process, Connection]:
    """Start a worker, which ends with this process.

    Args:
        target: module-level function, called in the worker with its end of a pipe, followed by the arguments.
        arguments: picklable arguments.

    Returns:
        The process and the caller's end of the pipe.
    """
    fill_standard_files()  # else a pipe may get the descriptor of a closed standard output
    if _can_fork():
        with contextlib.suppress(OSError):
            return SERVER.fork(target, arguments)
    return spawn(_spawned, (os.getpid(), target, arguments))


def _can_fork() -> bool:
    """Return whether this is Linux and ``pidfd_open`` works; some sandboxes forbid it."""
    if sys.platform != "linux":
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:
        return False
    return True


def _spawned(
    connection: Connection,
    parent: int,
    target: Callable[..., None],
    arguments: tuple[Any, ...],
) -> None:
    die_with_parent(parent)
    target(connection, *arguments)
