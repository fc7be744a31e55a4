"""Workers that live."""

import contextlib

import psutil

from paribus.execute.workers import starting


def workers():
    """Return the living children of the fork server."""
    found = []
    for child in psutil.Process(starting.SERVER.pid).children():
        with contextlib.suppress(psutil.NoSuchProcess):
            found += [child] * (child.status() != psutil.STATUS_ZOMBIE)
    return found
