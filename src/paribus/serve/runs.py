"""Runs that the server starts and stops: processes of their own, so that a page never waits for training."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from paribus.api.folder import in_use
from paribus.errors import Problem, StoreError

__all__ = ["Run", "arguments_of"]

_FLAGS = {
    "seeds": "--seeds",
    "jobs": "--jobs",
    "device": "--device",
    "group_size": "--group-size",
    "overrides": "--set",
    "only": "--only",
}
ENDING_SECONDS = 20.0


def arguments_of(study: Path, folder: Path, options: Mapping[str, Any]) -> list[str]:
    """Return the arguments of `paribus run`.

    Example:
        >>> arguments_of(Path("a.yaml"), Path("out"), {"seeds": 2, "only": ["x"], "jobs": None})
        ['a.yaml', '--out', 'out', '--seeds', '2', '--only', 'x']
    """
    found = [str(study), "--out", str(folder)]
    for name, value in options.items():
        if value is not None:
            values = [value] if isinstance(value, str | int) else value
            found += [word for item in values for word in (_FLAGS[name], str(item))]
    return found


class Run:
    """The process that works on one folder, as far as this server started it."""

    def __init__(self, folder: Path) -> None:
        """Look after a folder; nothing is started yet."""
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    @property
    def ours(self) -> bool:
        """Whether a process that this server started is at work."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int:
        """How the latest process ended; 0 before there was one."""
        return 0 if self._process is None else self._process.poll() or 0

    def start(self, arguments: Sequence[str] | None = None) -> None:
        """Begin, or go on as it was run before.

        Args:
            arguments: of `paribus run`; None goes on with what the folder holds.

        Raises:
            StoreError: somebody works on the folder already.
        """
        with self._lock:
            if self.ours or in_use(self.folder):
                fix = "Wait for it to end, or stop it first."
                rule = "must not be in use by another run"
                raise StoreError(Problem(self.folder.name, rule, "a running study", fix))
            chosen = [str(self.folder)] if arguments is None else list(arguments)
            command = [sys.executable, "-m", "paribus", "run", *chosen]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - our own program

    def stop(self) -> None:
        """Interrupt the run; what it has acknowledged is kept.

        Raises:
            StoreError: this server has not started the run, or it has ended.
        """
        with self._lock:
            if not self.ours:
                fix = "Stop it where it was started, with Ctrl-C."
                rule = "must be run by this server to be stopped by it"
                raise StoreError(Problem(self.folder.name, rule, "no run of this server", fix))
            self._interrupt()

    def end(self) -> int:
        """Interrupt the run if it goes on, wait for its end, and return its exit code."""
        with self._lock:
            if self._process is None:
                return 0
            if self.ours:
                self._interrupt()
            try:
                return self._process.wait(ENDING_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                return self._process.wait()

    def _interrupt(self) -> None:
        assert self._process is not None  # noqa: S101 - both callers have looked
        self._process.send_signal(signal.SIGTERM)
