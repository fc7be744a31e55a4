"""Programs that start workers, and how long a test waits for them."""

import os
import signal
import time

import psutil


def finish(connection, how):
    """End in one of several ways; runs in a worker."""
    if how == "error":
        raise RuntimeError("odd")
    if how == "exit":
        raise SystemExit(3)
    if how == "killed":
        os.kill(os.getpid(), signal.SIGKILL)


def wait_long(connection):
    """Say that it lives, then do nothing; runs in a worker."""
    connection.send(os.getpid())
    time.sleep(600)


def has_ended(pid):
    """Return whether a process is gone, or only waits to be reaped, within two seconds."""
    until = time.monotonic() + 2
    while time.monotonic() < until:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False
