"""Start and shutdown of the server, which listens on the loopback interface only, in a thread."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn

from paribus.errors import Problem, StoreError
from paribus.serve.app import build_app
from paribus.serve.guard import new_token
from paribus.serve.pages import Library

__all__ = ["Serving", "serving"]

LOOPBACK = "127.0.0.1"
START_SECONDS = 10.0
"""Longest time to wait for the server to start, and to end."""


@dataclass(frozen=True)
class Serving:
    """Port and token of a running server."""

    port: int
    token: str

    @property
    def address(self) -> str:
        """URL to open in a browser; it contains the token."""
        return f"http://{LOOPBACK}:{self.port}/?token={self.token}"


@contextmanager
def serving(library: Library, *, port: int = 0) -> Iterator[Serving]:
    """Serve studies while the ``with`` block runs; at its end, runs started by pages are ended, too.

    Args:
        library: the studies to show.
        port: port to listen on; 0 takes a free one.

    Raises:
        StoreError: the port is in use or not permitted.
    """
    listening = _socket(port)
    own, token = int(listening.getsockname()[1]), new_token()
    server: uvicorn.Server | None = None

    def closing() -> bool:
        return server is not None and server.should_exit

    app = build_app(library, token=token, port=own, closing=closing)
    config = uvicorn.Config(
        app,
        log_level="error",
        access_log=False,  # URLs may contain the token
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=3,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    _await_start(server, thread)
    try:
        yield Serving(own, token)
    finally:
        server.should_exit = True
        thread.join(START_SECONDS)
        library.end()
        listening.close()


def _socket(port: int) -> socket.socket:
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((LOOPBACK, port))
    except OSError as error:
        found.close()
        fix = "Choose another port, or leave --port out."
        raise StoreError(
            Problem(f"--port {port}", "must be free on this machine", error.strerror, fix)
        ) from error
    return found


def _await_start(server: uvicorn.Server, thread: threading.Thread) -> None:
    end = time.monotonic() + START_SECONDS
    while not server.started and thread.is_alive() and time.monotonic() < end:
        time.sleep(0.02)
