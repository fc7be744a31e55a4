"""How a worker is started: forked where Linux can do it safely, spawned elsewhere."""

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
"""The one of this program."""


def start_worker(
    target: Callable[..., None], arguments: tuple[Any, ...]
) -> tuple[Process, Connection]:
    """Start a worker, which ends with this process.

    Args:
        target: a function of a module; called in the worker with its end of a pipe, then the arguments.
        arguments: picklable.

    Returns:
        The process and our end of the pipe.
    """
    fill_standard_files()  # or a pipe to the worker may get the number of a closed output
    if _can_fork():
        with contextlib.suppress(OSError):
            return SERVER.fork(target, arguments)
    return spawn(_spawned, (os.getpid(), target, arguments))


def _can_fork() -> bool:
    """Return whether processes can be held by descriptors, which no sandbox forbids."""
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
