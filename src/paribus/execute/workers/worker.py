"""Main loop of a worker process: receive a task, carry it out, receive the next one.

A worker has one thread, flushes denormals, ignores Ctrl-C (the parent decides) and ends with its
parent. Artifacts are durable before the event that announces them is sent.
"""

from __future__ import annotations

import contextlib
from multiprocessing.connection import Connection
from pathlib import Path

from paribus.execute.events import Event, Ready
from paribus.execute.workers.arithmetic import settle, worker_arithmetic
from paribus.execute.workers.desk import open_desk
from paribus.execute.workers.serving import UnheardError, serve
from paribus.nn.native.library import Built

__all__ = ["work"]


def work(connection: Connection, out: Path, device: str, kernels: Built) -> None:
    """Serve tasks until the parent closes the connection.

    Args:
        connection: pipe from which tasks are received and to which events are sent.
        out: the study's output folder.
        device: ``cpu`` or ``cuda``.
        kernels: C kernels that the parent has compiled.
    """

    def tell(event: Event) -> None:
        try:
            connection.send(event)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise UnheardError(error) from error

    settle(worker_arithmetic(kernels))
    desk = open_desk(out, device)
    with contextlib.suppress(UnheardError, EOFError, ConnectionResetError):
        tell(Ready())
        while True:
            serve(desk, connection.recv(), tell)
