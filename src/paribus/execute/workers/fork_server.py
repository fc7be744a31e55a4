"""The fork server: a process that has imported PyTorch and forks workers, used on Linux.

Importing PyTorch takes two seconds of processor time. The fork server does it once in the life of the
program, for all workers and runs; a forked worker can train after some milliseconds and shares the memory
pages of the imported modules. The fork server of `multiprocessing` is not used, for three reasons: its
children outlive a killed parent; all of them get the environment of its first start; and processes that a
user starts for other purposes would be forked from it, with our settings of the allocator.

The program and the server are connected by a socket. When the program ends, even by a signal, the socket
closes; then the server ends, and with it the workers (`die_with_parent`).
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
"""Modules that are imported before the first fork; they import PyTorch."""

IDLE_SECONDS = 600.0
"""Seconds without a worker or a request after which the server ends; the next worker starts a new one."""

ENDED_UNHEARD = -signal.SIGKILL
"""Exit code of a worker whose server ended first; the kernel then kills the worker by SIGKILL."""


@dataclass(frozen=True)
class _Request:
    """Environment, working folder and import path of the program when it requests a worker.

    Function and arguments are sent through the worker's own pipe, because unpickling them imports modules,
    which must not happen in the server.
    """

    environment: dict[str, str]
    folder: str | None
    path: list[str]


class _Child:
    """Handle of a forked worker in the program that requested it, a `Process`."""

    def __init__(self, status: Connection) -> None:
        """Make a handle without waiting for the fork; the server may still be starting.

        Args:
            status: pipe through which the server sends the process id and, at the end, the exit code.
        """
        self._status = status
        self._pid: int | None = None
        self._code: int | None = None
        self._handle: int | None = None

    @property
    def pid(self) -> int | None:
        """Process id, after waiting for the fork; None if the server ended before it."""
        if self._pid is None and self._code is None:
            self._pid = self._hear()
            if self._pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    self._handle = os.pidfd_open(self._pid)
        return self._pid

    def kill(self) -> None:
        """Kill the process; does nothing if it has ended."""
        if self._pid is None and not self._told(0.0):
            self._end(ENDED_UNHEARD)  # the server kills a child whose status pipe is closed
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
        """Exit code; None while the process runs, minus the signal's number if a signal ended it."""
        self.join(0.0)
        return self._code

    def _told(self, timeout: float | None) -> bool:
        return self._code is None and self._status.poll(timeout)

    def _hear(self) -> int | None:
        """Return the next number from the server; None if the server has ended, and with it the process."""
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
    """Client of the fork server: starts it when it is first needed, and again if it has ended."""

    def __init__(self) -> None:
        """Make a client without a server; the first `fork` starts it."""
        self._lock = threading.Lock()
        self._owner = 0
        self._process: Process | None = None
        self._connection: Connection | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the server that this process has started; None if there is none."""
        return self._process.pid if self._process and self._owner == os.getpid() else None

    def fork(
        self, target: Callable[..., None], arguments: tuple[Any, ...]
    ) -> tuple[Process, Connection]:
        """Fork a worker; arguments and result are those of `spawn`.

        Raises:
            OSError: the server cannot be started.
        """
        own, theirs = multiprocessing.Pipe()
        request = _Request(dict(os.environ), _folder(), list(sys.path))
        try:
            with self._lock:
                try:
                    child = self._ask(request, theirs)
                except OSError:  # the server was killed: try again with a new one
                    self._forget()
                    child = self._ask(request, theirs)
            theirs.close()
            # If the worker has ended, the caller sees a closed pipe.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
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
        """Return the connection to the server, which is started if it is not running."""
        ours = self._owner == os.getpid()
        if self._connection is None or not ours or _has_ended(self._process):
            self._forget()
            self._process, self._connection = spawn(_serve, ())
            self._owner = os.getpid()
        return self._connection

    def _forget(self) -> None:
        """Close the connection and kill the server; a forked copy of this object only closes its connection."""
        if self._connection is not None:
            self._connection.close()
        if self._process is not None and self._owner == os.getpid():
            self._process.kill()
            self._process.join()
        self._process = self._connection = None


def _has_ended(process: Process | None) -> bool:
    return process is None or process.exitcode is not None


def _folder() -> str | None:
    """Return the working folder; None if it no longer exists."""
    with contextlib.suppress(OSError):
        return str(Path.cwd())
    return None


@contextlib.contextmanager
def _outputs() -> Iterator[list[int]]:
    """Yield descriptors for a worker's standard output and error: ours, or the null device."""
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
    """Yield the socket of a two-way pipe; the socket stays open."""
    line = socket.socket(fileno=connection.fileno())
    try:
        yield line
    finally:
        line.detach()


def _serve(connection: Connection) -> None:
    """Main loop of the server: fork on request, and send the exit code of each child."""
    for name in PRELOADED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # the garbage collector skips imported objects, so that their pages stay shared
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
    """Wait for a child that has ended, and send its exit code."""
    _, ending = os.waitpid(pid, 0)
    os.close(handle)
    with contextlib.suppress(OSError), status:
        status.send(os.waitstatus_to_exitcode(ending))


def _fork(
    connection: Connection, statuses: dict[int, tuple[int, Connection]]
) -> tuple[int, Connection]:
    """Receive one request and fork; return the child's process id and the pipe for its exit code.

    Raises:
        EOFError, OSError: the program has ended.
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
    """Apply the requested environment, run the worker's function, and exit without the server's clean-up."""
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
    except BaseException:  # noqa: BLE001 - printed as by the interpreter before the exit
        traceback.print_exc()
    finally:
        try:
            for stream in (sys.stdout, sys.stderr):
                # A stream may be missing, full or closed.
                with contextlib.suppress(AttributeError, OSError, ValueError):
                    stream.flush()
        finally:
            os._exit(code)
