"""The output folder of a study: its lock, its files, and where each lies."""

from __future__ import annotations

import sqlite3
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from paribus.durable import sync_folder, write_bytes
from paribus.errors import Problem, StoreError
from paribus.failpoints import reach
from paribus.old_name import OLD_DATABASE

__all__ = [
    "DATABASE",
    "REPORT",
    "RESOLVED",
    "STUDY",
    "database_of",
    "existing_folder",
    "in_use",
    "is_file",
    "is_folder",
    "locked",
    "own_database",
    "prepared_folder",
    "write_text",
]

STUDY = "study.yaml"
RESOLVED = "resolved.yaml"
DATABASE = "paribus.db"
REPORT = "report.html"
LOCK = ".lock"
LOOK_SECONDS = 0.5
"""Time in which a run waits for the lock, since `in_use` in another process may hold it briefly."""


def prepared_folder(out: Path) -> Path:
    """Create the output folder, and make sure that it can be written to.

    Raises:
        StoreError: it is not a folder, or not writable.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise StoreError(
            Problem(
                where=str(out),
                rule="must be a folder that can be written to",
                got=error.strerror or str(error),
                fix="Choose another folder with --out, or change its permissions.",
            )
        ) from error
    return out


def database_of(out: Path) -> Path:
    """Return the path of a folder's database; the one with the old name if there is no other."""
    old = out / OLD_DATABASE
    return old if is_file(old) and not is_file(out / DATABASE) else out / DATABASE


def own_database(out: Path) -> Path:
    """Return the database of a folder that this process runs in, under its present name.

    A database with the old name is renamed after its write-ahead log was merged into it. A file that
    SQLite cannot read is left as it is; the store reports the error.
    """
    found = database_of(out)
    if found.name != OLD_DATABASE:
        return found
    try:
        with closing(sqlite3.connect(found)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE").fetchall()
    except sqlite3.Error:
        return found
    reach("database.rename")
    found.replace(out / DATABASE)
    sync_folder(out, point="database")
    return out / DATABASE


def existing_folder(out: Path) -> Path:
    """Return the folder if a run has left its database there.

    Raises:
        StoreError: it is not the output folder of a run.
    """
    try:
        mode = database_of(out).stat().st_mode
        got = None if stat.S_ISREG(mode) else "something else of this name"
    except (FileNotFoundError, NotADirectoryError):
        got = "no such file" if is_folder(out) else "no such folder"
    except (OSError, ValueError) as error:
        got = getattr(error, "strerror", None) or str(error)
    if got is not None:
        rule = f"must be the output folder of a run (with {DATABASE} in it)"
        fix = "Run a study first: paribus run STUDY --out DIR."
        raise StoreError(Problem(str(out), rule, got, fix))
    return out


def is_folder(path: Path) -> bool:
    """Return whether a path is a folder; False if access is denied."""
    try:
        return path.is_dir()
    except OSError:
        return False


def is_file(path: Path) -> bool:
    """Return whether a path is a file; False if access is denied."""
    try:
        return path.is_file()
    except OSError:
        return False


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Lock the folder for one run; the operating system releases the lock when the process ends.

    Raises:
        StoreError: another run holds it.
    """
    lock = FileLock(out / LOCK, timeout=LOOK_SECONDS)
    try:
        lock.acquire()
    except Timeout as error:
        raise StoreError(
            Problem(
                where=str(out),
                rule="must not be in use by another run",
                got="a running `paribus run`",
                fix="Wait for it to end, or choose another folder with --out.",
            )
        ) from error
    try:
        yield
    finally:
        lock.release()


def in_use(out: Path) -> bool:
    """Return whether a run has locked the folder; writes nothing."""
    if sys.platform == "win32":
        return _in_use_by_lock(out)
    import fcntl

    try:
        with (out / LOCK).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _in_use_by_lock(out: Path) -> bool:
    if not (out / LOCK).exists():
        return False
    lock = FileLock(out / LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        return True
    except OSError:
        return False
    lock.release()
    return False


def write_text(path: Path, text: str) -> None:
    """Write a text file so that a crash leaves the old one or the new one, never half of one.

    Raises:
        StoreError: the file cannot be written.
    """
    write_bytes(path, text.encode())
