"""Schemas of a PostgreSQL database, one for each study.

A database that was created by an earlier version has one study in the tables of its default schema; that study
stays there. Every other study gets the schema named by `schema_of`, so that studies share no table: they cannot
rename each other's trials, and a role can get access to one study only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import ProgrammingError

from paribus.errors import Problem, StoreError
from paribus.failpoints import reach

__all__ = ["PREFIX", "kept_studies", "schema_for", "schema_of", "use_schema"]

PREFIX = "paribus:"
LONGEST = 63
"""Longest name in PostgreSQL, in bytes."""
_OURS = ("registration", "trial", "epoch", "look")
_ALONE = 727374
"""Key of the advisory lock that a transaction takes to create a schema."""


def schema_of(study: str) -> str:
    """Return the name of the schema of a study.

    Names that are too long for PostgreSQL are truncated, and end with a digest of the study's name.

    Example:
        >>> schema_of("digits")
        'paribus:digits'
    """
    name = f"{PREFIX}{study}"
    if len(name.encode()) <= LONGEST:
        return name
    digest = hashlib.sha256(study.encode()).hexdigest()[:12]
    return f"{name[: LONGEST - 13]}~{digest}"


def kept_studies(connection: Connection) -> dict[str, str | None]:
    """Return name of study -> its schema, sorted by name; None stands for the default schema.

    Args:
        connection: connection to a PostgreSQL database, with the server's default search path.
    """
    found: dict[str, str | None] = {}
    for schema in [*_schemas(connection), None]:
        for study in _registered(connection, schema):
            found[study] = schema
    return dict(sorted(found.items()))


def schema_for(engine: Engine, study: str | None, where: str, *, read_only: bool) -> str | None:
    """Return the schema of a study; None stands for the default schema. Create the schema of a new study.

    Args:
        engine: engine of a PostgreSQL database.
        study: name of the study; None for the only study of the database.
        where: name of the database in errors.
        read_only: whether to raise an error for a new study instead of creating its schema.

    Raises:
        StoreError: there are several studies and ``study`` is None; the study is unknown and ``read_only``
            is set; or the schema cannot be created.
    """
    with engine.connect() as connection:
        known = kept_studies(connection)
        if study is None:
            if len(known) > 1:
                rule = f"holds several studies ({', '.join(known)})"
                fix = "Name the output folder of one of them."
                raise StoreError(Problem(where, rule, "no name of a study", fix))
            return next(iter(known.values()), None)
        if study in known:
            return known[study]
        if read_only:
            rule = f"must hold the study {study!r}"
            got = f"the studies {', '.join(known)}" if known else "nothing"
            raise StoreError(
                Problem(where, rule, got, "Run the study first: paribus run STUDY --out DIR.")
            )
    return _made(engine, schema_of(study), where)


def use_schema(engine: Engine, schema: str) -> None:
    """Set the search path of all connections of an engine to one schema."""
    quoted = engine.dialect.identifier_preparer.quote_identifier(schema)

    def settle(connection: Any, _: object) -> None:
        connection.autocommit = True
        connection.execute(f"SET search_path TO {quoted}")
        connection.autocommit = False

    event.listen(engine, "connect", settle, insert=True)


def _made(engine: Engine, schema: str, where: str) -> str | None:
    """Create a schema; without permission, return None (the default schema) if that has no tables."""
    quoted = engine.dialect.identifier_preparer.quote_identifier(schema)
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _ALONE})
            if schema not in _schemas(connection):
                connection.execute(text(f"CREATE SCHEMA {quoted}"))
            reach("store.schema.commit")
        reach("store.schema.end")
    except ProgrammingError as error:
        with engine.connect() as connection:
            if not _tables(connection, None):
                return None
        rule = "must let this role make a schema for a second study"
        fix = f"Ask its owner: CREATE SCHEMA {quoted} AUTHORIZATION your_role."
        raise StoreError(Problem(where, rule, "no right to", fix)) from error
    return schema


def _schemas(connection: Connection) -> list[str]:
    query = text("SELECT nspname FROM pg_namespace WHERE starts_with(nspname, :prefix)")
    return [str(row[0]) for row in connection.execute(query, {"prefix": PREFIX})]


def _tables(connection: Connection, schema: str | None) -> set[str]:
    query = text(
        "SELECT relname FROM pg_class JOIN pg_namespace ON relnamespace = pg_namespace.oid "
        "WHERE relkind = 'r' AND nspname = COALESCE(CAST(:schema AS text), current_schema())"
    )
    return {str(row[0]) for row in connection.execute(query, {"schema": schema})}


def _registered(connection: Connection, schema: str | None) -> Iterator[str]:
    """Yield the names of the studies that are registered in the tables of a schema."""
    if not set(_OURS) <= _tables(connection, schema):
        return
    preparer = connection.dialect.identifier_preparer
    place = (
        "registration" if schema is None else f"{preparer.quote_identifier(schema)}.registration"
    )
    for row in connection.execute(text(f"SELECT DISTINCT study FROM {place}")):  # noqa: S608 - quoted
        yield str(row[0])
