"""Runs started by the server, as separate processes, so that pages never wait for training."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from paribus.api.run.folder import in_use
from paribus.errors import Problem, StoreError
from paribus.store.address import VARIABLE, Address

__all__ = ["Run", "arguments_of"]

_FLAGS = {
    "seeds": "--seeds",
    "jobs": "--jobs",
    "device": "--device",
    "group_size": "--group-size",
    "executor": "--on",
    "overrides": "--set",
    "only": "--only",
}
ENDING_SECONDS = 20.0
"""Seconds to wait for an interrupted run before it is killed."""


def arguments_of(study: Path, folder: Path, options: Mapping[str, Any]) -> list[str]:
    """Return the command line arguments of `paribus run` for a study, a folder and options.

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
    """The process of this server that runs the study of one output folder, if there is one."""

    def __init__(self, folder: Path, store: Address | None = None) -> None:
        """Manage the runs of a folder, without starting a process.

        Args:
            folder: output folder.
            store: address of the store of its trials; None takes the store that is recorded in the folder.
        """
        self.folder, self.store = folder, store
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    @property
    def ours(self) -> bool:
        """Whether a process started by this server is running."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int:
        """Exit code of the latest process; 0 if there was none, or while it runs."""
        return 0 if self._process is None else self._process.poll() or 0

    def start(self, arguments: Sequence[str] | None = None) -> None:
        """Start a run, or continue the folder's run with the options of last time.

        Args:
            arguments: command line arguments of `paribus run`; None continues the folder's run.

        Raises:
            StoreError: the folder is in use by another run.
        """
        with self._lock:
            if self.ours or in_use(self.folder):
                fix = "Wait for it to end, or stop it first."
                rule = "must not be in use by another run"
                raise StoreError(Problem(self.folder.name, rule, "a running study", fix))
            chosen = [str(self.folder)] if arguments is None else list(arguments)
            environment = dict(os.environ)
            if self.store is not None:  # other users can see the arguments of a process
                chosen += ["--store", self.store.public]
                environment[VARIABLE] = self.store.url
            command = [sys.executable, "-m", "paribus", "run", *chosen]
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                command, stdin=subprocess.DEVNULL, env=environment
            )

    def stop(self) -> None:
        """Interrupt the run; the results that it has stored are kept.

        Raises:
            StoreError: no run started by this server is running.
        """
        with self._lock:
            if not self.ours:
                fix = "Stop it where it was started, with Ctrl-C."
                rule = "must be run by this server to be stopped by it"
                raise StoreError(Problem(self.folder.name, rule, "no run of this server", fix))
            self._interrupt()

    def end(self) -> int:
        """Interrupt the run if it is running, wait for its end, and return its exit code."""
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
        assert self._process is not None  # noqa: S101 - checked by both callers
        self._process.send_signal(signal.SIGTERM)
