"""Reading of a SQLite file without changes on disk: no lock, journal or log file, no upgrade.

In write-ahead mode SQLite creates files beside the database even for readers. Therefore such a database is
opened with ``immutable=1`` if no process is writing to it. A database that SQLite cannot read in place, for
example with the journal of a killed process in a read-only folder, is read from a copy in memory.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, NullPool, create_engine, event

__all__ = ["read_only_engine"]

SECONDS = 60
"""Longest time that a reader waits for a writer."""
ATTEMPTS = 5
_WRITE_AHEAD = b"\x02\x02"
_BESIDE = ("-wal", "-journal")


def read_only_engine(path: Path) -> Engine:
    """Return an engine that reads a SQLite file.

    Args:
        path: path of the file.
    """
    engine = create_engine("sqlite://", creator=lambda: _connection(path), poolclass=NullPool)
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _connection(path: Path) -> sqlite3.Connection:
    """Open the file in place if possible, else a copy of it in memory."""
    with path.open("rb") as file:
        header = file.read(100)
    log = _size(path, "-wal")
    if header[18:20] == _WRITE_AHEAD and not log:
        return _open(path, "immutable=1")
    if header[18:20] == _WRITE_AHEAD and not Path(f"{path}-shm").exists():
        return _copied(path)
    try:
        return _open(path, "mode=ro")
    except sqlite3.OperationalError:
        if not any(_size(path, ending) for ending in _BESIDE):
            raise
        return _copied(path)


def _open(path: Path, how: str) -> sqlite3.Connection:
    address = f"file:{quote(str(path.absolute()))}?{how}"
    found = sqlite3.connect(
        address, uri=True, timeout=SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        found.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error:
        found.close()
        raise
    return found


def _copied(path: Path) -> sqlite3.Connection:
    """Copy the database, let SQLite apply its log or journal, and return it as a database in memory."""
    found = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    with tempfile.TemporaryDirectory(prefix="paribus-read-") as name:
        copy = Path(name) / path.name
        for _ in range(ATTEMPTS):
            before = _stamps(path)
            for ending in ("", *_BESIDE):
                if _size(path, ending):
                    shutil.copyfile(f"{path}{ending}", f"{copy}{ending}")
            if before == _stamps(path):  # no process wrote during the copy
                break
        restored = sqlite3.connect(copy)
        try:
            restored.backup(found)
        except sqlite3.Error:
            found.close()
            raise
        finally:
            restored.close()
    return found


def _size(path: Path, ending: str) -> int:
    try:
        return Path(f"{path}{ending}").stat().st_size
    except OSError:
        return 0


def _stamps(path: Path) -> list[tuple[int, int]]:
    found = []
    for ending in ("", *_BESIDE):
        try:
            status = Path(f"{path}{ending}").stat()
        except OSError:
            continue
        found.append((status.st_mtime_ns, status.st_size))
    return found
