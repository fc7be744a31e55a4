"""Opening a database: how SQLite is set up, and bringing an older schema up to date."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url

from paribus.errors import Problem, StoreError
from paribus.store.rows import DAMAGED
from paribus.wording import plain

__all__ = ["HEAD", "SEALED_FROM", "check_file", "known_version", "open_engine", "upgrade"]

HEAD = "0002"
SEALED_FROM = "0002"
"""First version of the schema in which rows have checksums."""
KNOWN = ("0001", "0002")
ELSEWHERE = "Choose another folder with --out."
WAL_SAFE = (3, 51, 3)
"""First version of SQLite whose write-ahead log is safe when several writers checkpoint at once."""


def open_engine(url: str) -> Engine:
    """Create an engine for a database URL, with SQLite set to lose nothing it acknowledged."""
    engine = create_engine(url, connect_args=_arguments(url))
    if make_url(url).get_backend_name() == "sqlite":
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_at_once)
    return engine


def upgrade(connection: Connection, where: str) -> None:
    """Bring the schema to `HEAD`; the caller's transaction makes it all or nothing.

    Raises:
        StoreError: a newer version of paribus wrote the database.
    """
    if connection.dialect.name == "postgresql":  # SQLite's BEGIN IMMEDIATE is a lock already
        connection.execute(text("SELECT pg_advisory_xact_lock(727372)"))
    if known_version(connection, where) == HEAD:
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    folder = Path(__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def known_version(connection: Connection, where: str) -> str | None:
    """Return the version of a database's schema; None if the database is empty.

    Raises:
        StoreError: a newer version of paribus wrote it, or something else did.
    """
    found = inspect(connection).get_table_names()
    if "alembic_version" not in found:
        if found:
            rule = "must be a database of results"
            raise StoreError(
                Problem(where, rule, f"other tables ({plain(', '.join(found))})", ELSEWHERE)
            )
        return None
    row = connection.execute(text("SELECT version_num FROM alembic_version")).first()
    version = None if row is None else str(row[0])
    if version is None or version not in KNOWN:
        rule = f"must have a schema this version knows (up to {HEAD})"
        fix = "Update paribus, or choose another folder with --out."
        raise StoreError(Problem(where, rule, plain(version or "none"), fix))
    return version


def check_file(connection: Connection, where: str) -> None:
    """Let SQLite check the structure of its file, so that damage is found before rows are read.

    Raises:
        StoreError: it is damaged.
    """
    if connection.dialect.name != "sqlite":
        return
    found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if found != "ok":
        got = plain(str(found).split("\n")[-1])
        raise StoreError(Problem(where, "must be a whole database", got, DAMAGED))


def _arguments(url: str) -> dict[str, Any]:
    return {"timeout": 60} if make_url(url).get_backend_name() == "sqlite" else {}


def _configure_sqlite(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # transactions are begun below, at once
    mode = "WAL" if sqlite3.sqlite_version_info >= WAL_SAFE else "DELETE"
    for setting in (f"journal_mode={mode}", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {setting}").close()


def _begin_at_once(connection: Connection) -> None:
    """Take the write lock when a transaction begins, so that it cannot fail for want of the lock later."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")
