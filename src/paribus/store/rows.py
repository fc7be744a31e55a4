"""Conversion of database rows to records, after a check of their types and checksums.

A row has a checksum of all columns that results are computed from (`SEALED`). It is compared when the row is
read, so that a changed digit is an error and not another result. Rows of earlier versions have no checksum.
Status, reason and attempts are not covered, because results do not depend on them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from sqlalchemy import Connection, Float, Integer, Row, Select, Table, select, update

from paribus.errors import Problem, StoreError
from paribus.old_name import OLD_NAME
from paribus.records import EpochRecord, FitOn, Look, StoredTrial, TrialStatus
from paribus.store.observed_json import observed_of

__all__ = ["DAMAGED", "as_json", "epoch_of", "look_of", "rows_of", "seal", "trial_of"]

DAMAGED = "The file is damaged: restore it from a copy, or choose another folder with --out."
SEALED: Mapping[str, Sequence[str]] = {
    "trial": (
        *("identity", "variant", "levels", "seed", "fit_on", "epochs", "wall_seconds"),
        *("metrics", "observed", "environment"),
    ),
    "epoch": (
        *("identity", "epoch", "metrics", "wall_seconds", "samples_per_second"),
        "learning_rate",
    ),
    "look": ("identity", "variant", "seed", "purpose", "at"),
}
_ALLOWED = {"status": set(get_args(TrialStatus)), "fit_on": set(get_args(FitOn))}


def as_json(value: Mapping[str, Any]) -> str:
    """Return a mapping as JSON text for a column."""
    return json.dumps(value, ensure_ascii=False)


def seal(connection: Connection, table: Table, **key: Any) -> None:
    """Compute and write the checksum of a row from its values in the database.

    Args:
        connection: connection of the transaction that wrote the row.
        table: table of the row.
        key: column name -> value of the row's primary key.
    """
    own = [table.c[name] == value for name, value in key.items()]
    row = connection.execute(select(table).where(*own)).one_or_none()
    if row is not None:
        connection.execute(update(table).where(*own).values(seal=_digest(table, row)))


def rows_of(
    connection: Connection, table: Table, query: Select[Any], *, sealed: bool, where: str
) -> Sequence[Row[Any]]:
    """Return rows of one table after checking their types and checksums.

    Args:
        connection: connection to the database.
        table: the table that the rows belong to.
        query: selects the rows and orders them.
        sealed: whether the database has a column of checksums.
        where: name of the database, for errors.

    Raises:
        StoreError: a row was changed since it was written.
    """
    own = [column for column in table.c if sealed or column.name != "seal"]
    rows = connection.execute(query.with_only_columns(*own)).all()
    for row in rows:
        wrong = _wrong(table, row, sealed=sealed)
        if wrong is not None:
            rule = f"must hold what was written in the table {table.name}"
            raise StoreError(Problem(where, rule, wrong, DAMAGED))
    return rows


def _environment(text: str) -> dict[str, Any]:
    """Return an environment fingerprint; the package's former name as a key becomes ``paribus``."""
    return {
        "paribus" if name == OLD_NAME else name: value for name, value in json.loads(text).items()
    }


def trial_of(row: Row[Any], curves: tuple[EpochRecord, ...]) -> StoredTrial:
    """Return a row of the table of trials as a record."""
    return StoredTrial(
        identity=row.identity,
        variant=row.variant,
        levels=json.loads(row.levels),
        seed=row.seed,
        fit_on=row.fit_on,
        status=row.status,
        attempts=row.attempts,
        epochs=row.epochs,
        wall_seconds=row.wall_seconds,
        metrics=json.loads(row.metrics),
        curves=curves,
        reason=row.reason,
        first_nonfinite=row.first_nonfinite,
        observed=observed_of(json.loads(row.observed)),
        environment=_environment(row.environment),
    )


def epoch_of(row: Row[Any]) -> EpochRecord:
    """Return a row of the table of epochs as a record."""
    return EpochRecord(
        row.epoch,
        json.loads(row.metrics),
        row.wall_seconds,
        row.samples_per_second,
        row.learning_rate,
    )


def look_of(row: Row[Any]) -> Look:
    """Return a row of the table of looks as a record."""
    return Look(row.identity, row.variant, row.seed, row.purpose, row.at)


def _digest(table: Table, row: Row[Any]) -> str:
    values = [table.name, *(getattr(row, name) for name in SEALED[table.name])]
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()


def _wrong(table: Table, row: Row[Any], *, sealed: bool) -> str | None:
    """Return a description of the first damaged value of a row; None if the row is undamaged."""
    for name, value in row._mapping.items():
        if not _fits(table, name, value):
            return f"{value!r:.60} as {name}"
    if table.name in SEALED and sealed and row.seal not in (None, _digest(table, row)):
        return f"other values (of trial {row.identity:.16}; their SHA-256 differs)"
    return None


def _fits(table: Table, name: str, value: Any) -> bool:
    column = table.c[name]
    if value is None:
        return bool(column.nullable)
    if isinstance(column.type, Integer):
        return isinstance(value, int)
    if isinstance(column.type, Float):
        return isinstance(value, float | int)
    if not isinstance(value, str) or (name in _ALLOWED and value not in _ALLOWED[name]):
        return False
    if name in _JSON and not _is_mapping(value, _JSON[name]):
        return False
    return name != "observed" or _is_observed(value)


_JSON: Mapping[str, tuple[type, ...]] = {
    "metrics": (int, float),
    "levels": (str,),
    "observed": (object,),
    "environment": (object,),
}
"""Column that holds a JSON object -> types that the object's values may have."""


def _is_observed(text: str) -> bool:
    try:
        observed_of(json.loads(text))
    except ValueError:
        return False
    return True


def _is_mapping(text: str, kinds: tuple[type, ...]) -> bool:
    try:
        found = json.loads(text)
        if kinds == _JSON["metrics"]:
            list(map(float, found.values()))
    except (ValueError, RecursionError, ArithmeticError, AttributeError, TypeError):
        return False
    return isinstance(found, dict) and all(
        isinstance(value, kinds) and (object in kinds or not isinstance(value, bool))
        for value in found.values()
    )
