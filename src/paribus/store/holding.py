"""Locks that reserve a database for one run: an advisory lock of the server, or a file beside a SQLite file.

Both are released when the process that holds them ends, even if it is killed.
"""

from __future__ import annotations

from collections.abc import Callable

from filelock import FileLock, Timeout
from sqlalchemy import Engine, text

from paribus.store.studies import PREFIX

__all__ = ["hold"]

RUN_LOCK = 727373
"""Key of the advisory lock. Each database, and each schema of a study, has a lock of its own."""


def hold(engine: Engine) -> Callable[[], None] | None:
    """Lock a database for this process; return a function that unlocks it, or None if it is locked already.

    Args:
        engine: engine of the database.

    Raises:
        SQLAlchemyError: the server cannot be reached.
        OSError: the file beside a SQLite file cannot be written.
    """
    if engine.dialect.name == "postgresql":
        return _hold_server(engine)
    if not engine.url.database:  # an in-memory database belongs to this process
        return lambda: None
    lock = FileLock(f"{engine.url.database}.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        return None
    return lock.release


def _hold_server(engine: Engine) -> Callable[[], None] | None:
    """Take the advisory lock on a separate connection; closing the connection releases it."""
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    connection.detach()
    query = text(
        "SELECT CASE WHEN starts_with(current_schema(), :prefix) "
        "THEN pg_try_advisory_lock(:number, hashtext(current_schema())) "
        "ELSE pg_try_advisory_lock(:number) END"
    )
    if connection.execute(query, {"number": RUN_LOCK, "prefix": PREFIX}).scalar():
        return connection.close
    connection.close()
    return None
