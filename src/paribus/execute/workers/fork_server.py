"""A process that has imported PyTorch and forks workers from then on: how Linux starts them.

To import PyTorch takes two seconds of processor time. The fork server does it once in the life of the
program, whatever the number of workers and runs; a fork of it can train after some milliseconds and shares
the pages of what was imported. The fork server of `multiprocessing` is not used: its children outlive a
killed parent, the environment of its first start holds for all, and processes that a user starts for other
purposes would be forked from it with our settings of the allocator.

The program holds one end of a socket, the server the other. When the program ends, however it ends, the
socket closes and the server ends, and with it the workers (`die_with_parent`).
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import multiprocessing
import os
import selectors
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NoReturn

from paribus import failpoints
from paribus.execute.workers.spawning import WORKER_ENVIRONMENT, Process, die_with_parent, spawn

__all__ = ["ForkServer"]

PRELOADED = ("paribus.engine.run", "paribus.engine.group", "paribus.execute.workers.worker")
"""Imported before the first fork, with PyTorch behind them."""

IDLE_SECONDS = 600.0
"""A server without workers that hears nothing for so long ends; the next worker starts another."""

ENDED_UNHEARD = -signal.SIGKILL
"""Exit code of a worker whose server ended first: the kernel kills it then."""


@dataclass(frozen=True)
class _Request:
    """Where the program was when it asked.

    What is to run comes by the worker's own pipe: to read it imports modules, which is not for the server.
    """

    environment: dict[str, str]
    folder: str | None
    path: list[str]


class _Child:
    """A forked worker as the program sees it."""

    def __init__(self, status: Connection) -> None:
        """Wait for nothing: a server that still starts forks later.

        Args:
            status: brings the process id, and the exit code in the end.
        """
        self._status = status
        self._pid: int | None = None
        self._code: int | None = None
        self._handle: int | None = None

    @property
    def pid(self) -> int | None:
        """Process id; waits for the fork. None if the server ended before."""
        if self._pid is None and self._code is None:
            self._pid = self._hear()
            if self._pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    self._handle = os.pidfd_open(self._pid)
        return self._pid

    def kill(self) -> None:
        """End the process at once; nothing happens if it has ended."""
        if self._pid is None and not self._told(0.0):
            self._end(ENDED_UNHEARD)  # the server ends a child of which nobody wants to hear
        elif self.pid is not None and self._handle is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    def join(self, timeout: float | None = None) -> None:
        """Wait until the process has ended, at most for ``timeout`` seconds."""
        if self._pid is None and self._told(timeout):
            _ = self.pid
        if self._pid is not None and self._told(timeout):
            code = self._hear()
            if code is not None:
                self._end(code)

    @property
    def exitcode(self) -> int | None:
        """None while the process runs; the negative number of the signal that ended it."""
        self.join(0.0)
        return self._code

    def _told(self, timeout: float | None) -> bool:
        return self._code is None and self._status.poll(timeout)

    def _hear(self) -> int | None:
        """Return the next number of the server; None, and all is over, if it has ended."""
        try:
            number: int = self._status.recv()
        except (EOFError, OSError):
            self._end(ENDED_UNHEARD)
            return None
        return number

    def _end(self, code: int) -> None:
        self._code = code
        self._status.close()
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


class ForkServer:
    """The program's end: starts the server when it is first needed, and again when it has ended."""

    def __init__(self) -> None:
        """Hold no process yet; the first `fork` starts one."""
        self._lock = threading.Lock()
        self._owner = 0
        self._process: Process | None = None
        self._connection: Connection | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the server that this process has started, if it has."""
        return self._process.pid if self._process and self._owner == os.getpid() else None

    def fork(
        self, target: Callable[..., None], arguments: tuple[Any, ...]
    ) -> tuple[Process, Connection]:
        """Start a worker; arguments and result are those of `spawn`.

        Raises:
            OSError: no server can be started.
        """
        own, theirs = multiprocessing.Pipe()
        request = _Request(dict(os.environ), _folder(), list(sys.path))
        try:
            with self._lock:
                try:
                    child = self._ask(request, theirs)
                except OSError:  # somebody has ended it: once more, with another
                    self._forget()
                    child = self._ask(request, theirs)
            theirs.close()
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # seen as its end
                own.send((target, arguments))
        except BaseException:
            own.close()
            raise
        finally:
            theirs.close()
        return child, own

    def _ask(self, request: _Request, pipe: Connection) -> Process:
        connection = self._running()
        status, theirs = multiprocessing.Pipe(duplex=False)
        try:
            with theirs, _outputs() as outputs, _as_socket(connection) as line:
                socket.send_fds(line, [b"f"], [pipe.fileno(), theirs.fileno(), *outputs])
            connection.send(request)
        except BaseException:
            status.close()
            raise
        return _Child(status)

    def _running(self) -> Connection:
        """Return the way to the server, which is started where there is none."""
        ours = self._owner == os.getpid()
        if self._connection is None or not ours or _has_ended(self._process):
            self._forget()
            self._process, self._connection = spawn(_serve, ())
            self._owner = os.getpid()
        return self._connection

    def _forget(self) -> None:
        """Give the server up; a copy of this object in a forked process only closes its end."""
        if self._connection is not None:
            self._connection.close()
        if self._process is not None and self._owner == os.getpid():
            self._process.kill()
            self._process.join()
        self._process = self._connection = None


def _has_ended(process: Process | None) -> bool:
    return process is None or process.exitcode is not None


def _folder() -> str | None:
    """Return the working folder, if it still exists."""
    with contextlib.suppress(OSError):
        return str(Path.cwd())
    return None


@contextlib.contextmanager
def _outputs() -> Iterator[list[int]]:
    """Give file numbers for a worker's standard output and error: ours, or nothing where ours is closed."""
    with contextlib.ExitStack() as stack:
        found = []
        for number in (1, 2):
            try:
                os.fstat(number)
            except OSError:
                number = os.open(os.devnull, os.O_WRONLY)
                stack.callback(os.close, number)
            found.append(number)
        yield found


@contextlib.contextmanager
def _as_socket(connection: Connection) -> Iterator[socket.socket]:
    """Give the socket under a two-way pipe; it stays open."""
    line = socket.socket(fileno=connection.fileno())
    try:
        yield line
    finally:
        line.detach()


def _serve(connection: Connection) -> None:
    """What the server does: fork when it is asked to, and say how each child ended."""
    for name in PRELOADED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # what was imported is never looked through again, so that its pages stay shared
    statuses: dict[int, tuple[int, Connection]] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(connection, selectors.EVENT_READ)
        while ready := selector.select(None if statuses else IDLE_SECONDS):
            for key, _ in ready:
                if key.fileobj is not connection:
                    selector.unregister(key.fileobj)
                    _report(key.fd, *statuses.pop(key.fd))
                    continue
                try:
                    pid, status = _fork(connection, statuses)
                except (EOFError, OSError):  # the program has ended
                    return
                handle = os.pidfd_open(pid)
                selector.register(handle, selectors.EVENT_READ)
                statuses[handle] = (pid, status)


def _report(handle: int, pid: int, status: Connection) -> None:
    """Say how a child has ended."""
    _, ending = os.waitpid(pid, 0)
    os.close(handle)
    with contextlib.suppress(OSError), status:
        status.send(os.waitstatus_to_exitcode(ending))


def _fork(
    connection: Connection, statuses: dict[int, tuple[int, Connection]]
) -> tuple[int, Connection]:
    """Take one request and fork; return the child's id and the pipe for its exit code.

    Raises:
        EOFError, OSError: nobody asks any more.
    """
    with _as_socket(connection) as line:
        _, files, _, _ = socket.recv_fds(line, 1, 4)
    request: _Request = connection.recv()
    pipe, status = Connection(files[0]), Connection(files[1], readable=False)
    server = os.getpid()
    pid = os.fork()
    if pid == 0:
        for handle, (_, other) in statuses.items():
            os.close(handle)
            other.close()
        status.close()
        connection.close()
        _be_a_worker(server, request, pipe, files[2:])
    pipe.close()
    for number in files[2:]:
        os.close(number)
    try:
        status.send(pid)
    except OSError:
        os.kill(pid, signal.SIGKILL)
    return pid, status


def _be_a_worker(server: int, request: _Request, pipe: Connection, outputs: list[int]) -> NoReturn:
    """Become what the program would have spawned, work, and end without the server's own clean-up."""
    code = 1
    try:
        die_with_parent(server)
        for number, output in enumerate(outputs, 1):
            os.dup2(output, number)
            os.close(output)
        os.environ.clear()
        os.environ.update(request.environment | WORKER_ENVIRONMENT)
        sys.path[:] = request.path
        with contextlib.suppress(OSError):
            os.chdir(request.folder or ".")
        failpoints.arm(os.environ)
        target, arguments = pipe.recv()
        target(pipe, *arguments)
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except BaseException:  # noqa: BLE001 - told as the interpreter tells it, then the end
        traceback.print_exc()
    finally:
        try:
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(AttributeError, OSError, ValueError):  # none, full, closed
                    stream.flush()
        finally:
            os._exit(code)
