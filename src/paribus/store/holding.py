"""Keeping a database for one run: by a lock of the server's, or by a file beside a SQLite file.

Both end with the process that holds them, however it ends.
"""

from __future__ import annotations

from collections.abc import Callable

from filelock import FileLock, Timeout
from sqlalchemy import Engine, text

from paribus.store.studies import PREFIX

__all__ = ["hold"]

RUN_LOCK = 727373
"""Number of the server's lock; each database has its own, and each schema of it."""


def hold(engine: Engine) -> Callable[[], None] | None:
    """Keep a database for this process; return what gives it back, None if another process has it.

    Args:
        engine: reaches it.

    Raises:
        SQLAlchemyError: the server cannot be reached.
        OSError: the file beside a SQLite file cannot be written.
    """
    if engine.dialect.name == "postgresql":
        return _hold_server(engine)
    if not engine.url.database:  # in memory, for this process alone
        return lambda: None
    lock = FileLock(f"{engine.url.database}.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        return None
    return lock.release


def _hold_server(engine: Engine) -> Callable[[], None] | None:
    """Take the lock on a connection of its own, whose end gives it back."""
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
