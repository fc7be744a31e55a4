"""Engines for SQLite and PostgreSQL, checks of a database, and upgrades of its schema."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from paribus.errors import MissingExtraError, Problem, StoreError
from paribus.store.rows import DAMAGED
from paribus.wording import plain

__all__ = [
    "HEAD",
    "SEALED_FROM",
    "check_file",
    "hold_alone",
    "known_version",
    "open_engine",
    "server_engine",
    "upgrade",
]

HEAD = "0002"
SEALED_FROM = "0002"
"""First version of the schema in which rows have checksums."""
KNOWN = ("0001", "0002")
ELSEWHERE = "Choose another folder with --out, or another database with --store."
DRIVER = "psycopg"
CONNECT_SECONDS = 10
"""Longest time to wait for a server's answer."""
WAL_SAFE = (3, 51, 3)
"""First version of SQLite whose write-ahead log is safe when several writers checkpoint at once."""


def open_engine(url: str | URL) -> Engine:
    """Create an engine for a SQLite file whose committed transactions survive a power cut."""
    engine = create_engine(url, connect_args={"timeout": 60})
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_at_once)
    return engine


def server_engine(url: str, where: str, *, read_only: bool) -> Engine:
    """Create an engine for a PostgreSQL database, without connecting to it.

    Args:
        url: the whole URL, with secrets.
        where: name of the database in errors.
        read_only: whether transactions only read; each then sees a single state of the database.

    Raises:
        StoreError: the URL is invalid, or names a driver other than psycopg.
        MissingExtraError: psycopg is not installed.
    """
    try:
        parsed = make_url(url)
        driver = parsed.drivername.partition("+")[2]
        if driver not in ("", DRIVER):
            rule = f"must be reached by {DRIVER}"
            fix = "Begin the URL with postgresql://."
            raise StoreError(Problem(where, rule, repr(driver), fix))
        given = {name.lower() for name in parsed.query}
        return create_engine(
            parsed.set(drivername=f"postgresql+{DRIVER}"),
            connect_args={} if "connect_timeout" in given else {"connect_timeout": CONNECT_SECONDS},
            pool_pre_ping=True,  # reconnects after a restart of the server
            hide_parameters=True,
            isolation_level="REPEATABLE READ" if read_only else "READ COMMITTED",
            execution_options={"postgresql_readonly": True} if read_only else {},
        )
    except ImportError as error:
        fix = "Install it: pip install 'paribus[postgres]'."
        raise MissingExtraError(Problem(where, f"needs {DRIVER}", "none installed", fix)) from error
    except (ArgumentError, ValueError) as error:
        rule = "must be the URL of a PostgreSQL database"
        fix = "Write postgresql://USER@HOST:PORT/DATABASE."
        raise StoreError(Problem(where, rule, "another form", fix)) from error


def upgrade(connection: Connection, where: str) -> None:
    """Upgrade the schema to `HEAD` within the caller's transaction.

    Raises:
        StoreError: a newer version of paribus wrote the database.
    """
    hold_alone(connection)
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


def hold_alone(connection: Connection) -> None:
    """Wait for, and lock out, all other transactions that call this function, until the transaction ends."""
    if connection.dialect.name == "postgresql":  # in SQLite, BEGIN IMMEDIATE locks
        connection.execute(text("SELECT pg_advisory_xact_lock(727372)"))


def known_version(connection: Connection, where: str) -> str | None:
    """Return the version of a database's schema; None if the database is empty.

    Raises:
        StoreError: the database was written by a newer version of paribus, or by another program.
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
        StoreError: the file is damaged.
    """
    if connection.dialect.name != "sqlite":
        return
    found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if found != "ok":
        got = plain(str(found).split("\n")[-1])
        raise StoreError(Problem(where, "must be a whole database", got, DAMAGED))


def _configure_sqlite(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # `_begin_at_once` begins transactions
    mode = "WAL" if sqlite3.sqlite_version_info >= WAL_SAFE else "DELETE"
    for setting in (f"journal_mode={mode}", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {setting}").close()


def _begin_at_once(connection: Connection) -> None:
    """Begin a transaction with the write lock, so that none fails later because it cannot get the lock."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")
