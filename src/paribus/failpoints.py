"""Failpoints: named points at which a test can kill this process by SIGKILL, to simulate a power cut.

Every write, fsync, rename, removal and commit of paribus passes a failpoint; `tests/test_failpoints.py` reads the
source to prove it. They cost one comparison and do nothing unless the environment sets a variable:

    PARIBUS_FAILPOINT=weights.safetensors.rename:2   kill the process when it reaches the point for the second time
    PARIBUS_FAILPOINT_LOG=FILE                       log all points that are reached, and the kill

A name consists of the written file or the store's method, and the next step: ``study.yaml.fsync``,
``store.finish.commit``. Nothing here may import another module of the package.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping

__all__ = ["ENDED", "LOG", "POINT", "arm", "reach"]

POINT, LOG = "PARIBUS_FAILPOINT", "PARIBUS_FAILPOINT_LOG"
ENDED = "ended"
"""First word of the log line of a kill; other lines begin with ``passed``. Point and process id follow."""


class _Watch:
    """Counter of a process's visits to the failpoint at which it is killed."""

    def __init__(self, point: str, count: int, log: str | None) -> None:
        self.point, self.left, self.log = point, count, log

    def see(self, point: str) -> None:
        """Log a point, and kill this process if it is the chosen one."""
        self.left -= point == self.point
        ends = point == self.point and self.left == 0
        if self.log is not None:
            self._write(f"{ENDED if ends else 'passed'} {point} {os.getpid()}\n")
        if ends:
            os.kill(os.getpid(), signal.SIGKILL)

    def _write(self, line: str) -> None:
        if self.log is not None:
            place = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            os.write(place, line.encode())
            os.close(place)


_watch: _Watch | None = None


def arm(environment: Mapping[str, str]) -> None:
    """Activate the failpoint and the log that the environment names, if any.

    Raises:
        ValueError: the count is not a number.
    """
    global _watch
    point, _, count = environment.get(POINT, "").rpartition(":")
    log = environment.get(LOG)
    _watch = _Watch(point, int(count or 0), log) if point or log else None


def reach(point: str) -> None:
    """Report that this process has reached a failpoint.

    Args:
        point: name of the failpoint: the file or table that is written, a dot, and the next step.
    """
    if _watch is not None:
        _watch.see(point)


arm(os.environ)
