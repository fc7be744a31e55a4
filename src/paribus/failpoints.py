"""Named points at which a test may end this process as a power cut would: by SIGKILL, at once.

Every write, fsync, rename, removal and commit of paribus passes one; `tests/test_failpoints.py` reads the
source to prove it. Off unless the environment says otherwise, and then no more than one comparison:

    PARIBUS_FAILPOINT=weights.safetensors.rename:2   end at the second time that a process gets there
    PARIBUS_FAILPOINT_LOG=FILE                       write down every point on the way, and every end

Points are named by what is written and by the step that comes next: ``study.yaml.fsync``,
``store.finish.commit``. Nothing here may import another module of the package.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping

__all__ = ["ENDED", "LOG", "POINT", "arm", "reach"]

POINT, LOG = "PARIBUS_FAILPOINT", "PARIBUS_FAILPOINT_LOG"
ENDED = "ended"
"""The first word of a log's line about an end; ``passed`` of the others. The point and the process follow."""


class _Watch:
    """Counts how often this process passes the one point that ends it."""

    def __init__(self, point: str, count: int, log: str | None) -> None:
        self.point, self.left, self.log = point, count, log

    def see(self, point: str) -> None:
        """Write a point down, and end this process if it is the one."""
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
    """Begin to watch for what an environment names; nothing if it names nothing.

    Raises:
        ValueError: the count is no number.
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
