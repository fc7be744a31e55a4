"""The store in a SQL database: one transaction per method."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, Engine, Row, Select, Table, delete, insert, select, update
from sqlalchemy.engine import URL

from paribus.errors import Problem, StoreError
from paribus.failpoints import reach
from paribus.observed import Moments
from paribus.records import EpochRecord, Look, StoredTrial, Trial, TrialOutcome
from paribus.store import columns as tables
from paribus.store.address import Address, address_of
from paribus.store.explaining import explained
from paribus.store.holding import hold
from paribus.store.observed_json import json_of_observed, with_test_inputs
from paribus.store.read_only import read_only_engine
from paribus.store.registration import Registration
from paribus.store.rows import DAMAGED, as_json, epoch_of, look_of, rows_of, seal, trial_of
from paribus.store.schema import (
    SEALED_FROM,
    check_file,
    hold_alone,
    known_version,
    open_engine,
    server_engine,
    upgrade,
)
from paribus.store.studies import schema_for, use_schema

__all__ = ["SCHEMES", "SqlStore", "open_database"]

SCHEMES = ("sqlite", "postgresql")
"""URL schemes of this kind of store; a driver may follow after a plus, as in ``postgresql+psycopg``."""


_NEW = {
    "status": "pending",
    "attempts": 0,
    "epochs": 0,
    "wall_seconds": 0.0,
    "metrics": "{}",
    "observed": "{}",
    "environment": "{}",
}


def open_database(
    database: str | Path, *, read_only: bool = False, study: str | None = None
) -> SqlStore:
    """Open (and create or upgrade) a database.

    Args:
        database: path of a SQLite file, or the URL of a PostgreSQL database.
        read_only: whether to open without creating files or upgrading the schema.
        study: name of the study in a PostgreSQL database; by default the only one. A file has one study.

    Raises:
        StoreError: the database cannot be opened, is damaged, was written by a newer version, or has
            several studies and ``study`` is None.
        MissingExtraError: the driver is not installed.
    """
    if isinstance(database, Path):
        address = Address("", str(database), (), database)
        url = URL.create("sqlite", database=str(database))
        engine = read_only_engine(database) if read_only else open_engine(url)
    else:
        address = address_of(database)
        engine = _server_engine(database, address, study, read_only=read_only)
    return SqlStore(engine, address.public, read_only=read_only, hidden=address.hidden)


def _server_engine(url: str, address: Address, study: str | None, *, read_only: bool) -> Engine:
    """Create an engine whose connections use the schema of one study."""
    engine = server_engine(url, address.public, read_only=read_only)
    try:
        with explained(address.public, address.hidden):
            schema = schema_for(engine, study, address.public, read_only=read_only)
    finally:
        engine.dispose()  # closes connections that do not use the schema
    if schema is not None:
        use_schema(engine, schema)
    return engine


class SqlStore:
    """Results of one study in a SQL database. The methods keep the promises of `paribus.store.store.Store`."""

    def __init__(
        self,
        engine: Engine,
        where: str,
        *,
        read_only: bool = False,
        hidden: Callable[[str], str] = str,
    ) -> None:
        """Check the database, and upgrade its schema.

        Args:
            engine: engine of the database.
            where: name of the database in errors.
            read_only: whether to leave the schema as it is.
            hidden: function that removes secrets from a message of the driver.
        """
        self._engine, self._where, self._hidden, self._sealed = engine, where, hidden, True
        try:
            self._open(read_only=read_only)
        except BaseException:
            self.close()
            raise

    def _open(self, *, read_only: bool) -> None:
        """Check the database; upgrade its schema unless ``read_only``."""
        with self._transaction("store.open") as connection:
            check_file(connection, self._where)
            if not read_only:
                upgrade(connection, self._where)
                return
            version = known_version(connection, self._where)
            if version is None:
                rule = "must hold the results of a run"
                fix = "Run a study first: paribus run STUDY --out DIR."
                raise StoreError(Problem(self._where, rule, "nothing", fix))
            self._sealed = version >= SEALED_FROM

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Lock the database against other runs within a ``with`` block."""
        with self._explained():
            release = hold(self._engine)
        if release is None:
            rule = "must not be in use by another run"
            fix = "Wait for it to end: one run at a time works on a study."
            raise StoreError(Problem(self._where, rule, "a running `paribus run`", fix))
        try:
            yield
        finally:
            release()

    def register(self, study: str, study_yaml: str, manifest: str, at: str) -> None:
        """Store a study's text and plan; equal content is stored once. Raise `StoreError` for another study."""
        content = _content(study_yaml, manifest)
        table = tables.registrations
        with self._transaction("store.register") as connection:
            hold_alone(connection)
            self._refuse_other(connection, study)
            known = select(table.c.id).where(table.c.content == content)
            if connection.execute(known).first() is not None:
                connection.execute(delete(table).where(table.c.content == content))
            values = {
                "study": study,
                "content": content,
                "study_yaml": study_yaml,
                "manifest": manifest,
                "at": at,
            }
            connection.execute(insert(table).values(values))

    def registrations(self) -> tuple[Registration, ...]:
        """Return all registered versions of the study, oldest first."""
        table = tables.registrations
        with self._transaction() as connection:
            rows = self._rows(connection, table, select(table).order_by(table.c.id))
        for row in rows:
            if row.content != _content(row.study_yaml, row.manifest):
                rule = "must hold the study as it was registered"
                raise StoreError(
                    Problem(self._where, rule, "other text (its SHA-256 differs)", DAMAGED)
                )
        return tuple(Registration(row.study, row.study_yaml, row.manifest, row.at) for row in rows)

    def add_trials(self, trials: Sequence[Trial]) -> None:
        """Add new trials as pending; known trials get the given variant name and levels."""
        table = tables.trials
        with self._transaction("store.add_trials") as connection:
            rows = self._rows(connection, table, select(table))
            known = {row.identity: (row.variant, row.levels) for row in rows}
            for trial in trials:
                names = trial.variant.name, as_json(dict(trial.variant.levels))
                if known.get(trial.identity) == names:
                    continue
                values: dict[str, Any] = {"variant": names[0], "levels": names[1]}
                if trial.identity in known:
                    own = table.c.identity == trial.identity
                    connection.execute(update(table).where(own).values(values))
                else:
                    values |= _NEW | {
                        "identity": trial.identity,
                        "seed": trial.seed,
                        "fit_on": trial.fit_on,
                    }
                    connection.execute(insert(table).values(values))
                seal(connection, table, identity=trial.identity)

    def begin_attempt(self, identity: str, environment: Mapping[str, Any]) -> None:
        """Mark a trial as running in an environment; delete its epochs and its reason."""
        table = tables.trials
        with self._transaction("store.begin_attempt") as connection:
            connection.execute(delete(tables.epochs).where(tables.epochs.c.identity == identity))
            values = {
                "status": "running",
                "attempts": table.c.attempts + 1,
                "environment": as_json(dict(environment)),
                "reason": None,
                "first_nonfinite": None,
            }
            self._update(connection, identity, values)
            seal(connection, table, identity=identity)

    def record_epoch(self, identity: str, record: EpochRecord) -> None:
        """Store the record of an epoch, in place of an earlier record of it."""
        table = tables.epochs
        own = (table.c.identity == identity) & (table.c.epoch == record.epoch)
        with self._transaction("store.record_epoch") as connection:
            self._must_know(connection, identity)
            connection.execute(delete(table).where(own))
            values = {
                "identity": identity,
                "epoch": record.epoch,
                "metrics": as_json(dict(record.metrics)),
                "wall_seconds": record.wall_seconds,
                "samples_per_second": record.samples_per_second,
                "learning_rate": record.learning_rate,
            }
            connection.execute(insert(table).values(values))
            seal(connection, table, identity=identity, epoch=record.epoch)

    def finish(self, identity: str, outcome: TrialOutcome) -> None:
        """Store the outcome of a trial."""
        values = {
            "status": outcome.status,
            "epochs": outcome.epochs,
            "wall_seconds": outcome.wall_seconds,
            "metrics": as_json(dict(outcome.metrics)),
            "reason": outcome.reason,
            "first_nonfinite": outcome.first_nonfinite,
            "observed": as_json(json_of_observed(outcome.observed)),
        }
        table = tables.trials
        with self._transaction("store.finish") as connection:
            self._update(connection, identity, values)
            seal(connection, table, identity=identity)

    def lose(self, identity: str, reason: str) -> None:
        """Mark a trial as pending after its worker was lost; the reason is kept until it runs again."""
        table = tables.trials
        values = {"status": "pending", "reason": reason}
        with self._transaction("store.lose") as connection:
            self._update(connection, identity, values)
            seal(connection, table, identity=identity)

    def record_test(
        self, metrics: Mapping[str, float], look: Look, inputs: Moments | None = None
    ) -> None:
        """Store test metrics of a trial, together with the look at the test set that measured them.

        Args:
            metrics: metrics of the test set.
            look: reading of the test set, with the trial's identity.
            inputs: moments of the test images, stored in ``observed`` as ``inputs["test"]``.
        """
        table = tables.trials
        own = table.c.identity == look.identity
        with self._transaction("store.record_test") as connection:
            self._must_know(connection, look.identity)
            found = connection.execute(select(table.c.metrics, table.c.observed).where(own)).one()
            observed = json.loads(found.observed)
            if inputs is not None:
                observed = with_test_inputs(observed, inputs)
            merged = as_json({**json.loads(found.metrics), **metrics})
            changed = update(table).where(own).values(metrics=merged, observed=as_json(observed))
            connection.execute(changed)
            seal(connection, table, identity=look.identity)
            values = {
                "identity": look.identity,
                "variant": look.variant,
                "seed": look.seed,
                "purpose": look.purpose,
                "at": look.at,
            }
            key = connection.execute(insert(tables.looks).values(values)).inserted_primary_key
            seal(connection, tables.looks, id=key[0] if key else None)

    def trials(self, *, curves: bool = True) -> tuple[StoredTrial, ...]:
        """Return all trials, with their epochs if ``curves``, sorted by variant, ``fit_on`` and seed."""
        with self._transaction() as connection:
            found = self._curves(connection) if curves else {}
            table = tables.trials
            columns = (table.c.variant, table.c.fit_on, table.c.seed)
            rows = self._rows(connection, table, select(table).order_by(*columns))
        return tuple(trial_of(row, tuple(found.get(row.identity, ()))) for row in rows)

    def _curves(self, connection: Connection) -> dict[str, list[EpochRecord]]:
        """Return the identity of a trial -> its epochs, in order."""
        table, found = tables.epochs, dict[str, list[EpochRecord]]()
        query = select(table).order_by(table.c.identity, table.c.epoch)
        for row in self._rows(connection, table, query):
            found.setdefault(row.identity, []).append(epoch_of(row))
        return found

    def looks(self) -> tuple[Look, ...]:
        """Return all looks at the test set, oldest first."""
        table = tables.looks
        with self._transaction() as connection:
            rows = self._rows(connection, table, select(table).order_by(table.c.id))
        return tuple(map(look_of, rows))

    def _update(self, connection: Connection, identity: str, values: Mapping[str, Any]) -> None:
        """Update the row of a trial; raise `StoreError` if there is none."""
        table = tables.trials
        changed = connection.execute(
            update(table).where(table.c.identity == identity).values(values)
        )
        if changed.rowcount != 1:
            raise self._unknown(identity)

    def _must_know(self, connection: Connection, identity: str) -> None:
        table = tables.trials
        found = connection.execute(select(table.c.seed).where(table.c.identity == identity))
        if found.first() is None:
            raise self._unknown(identity)

    def _unknown(self, identity: str) -> StoreError:
        rule = "must know the trial that is written"
        fix = "Add it first; if a run was at work, run the same command again."
        return StoreError(Problem(self._where, rule, f"the unknown trial {identity[:16]}", fix))

    def _refuse_other(self, connection: Connection, study: str) -> None:
        found = connection.execute(select(tables.registrations.c.study).distinct())
        known = {row.study for row in found}
        if known and study not in known:
            rule = f"holds the results of the study {min(known)!r}"
            fix = "Choose another database with --store, or another folder with --out."
            raise StoreError(Problem(self._where, rule, f"the study {study!r}", fix))

    def _rows(self, connection: Connection, table: Table, query: Select[Any]) -> Sequence[Row[Any]]:
        return rows_of(connection, table, query, sealed=self._sealed, where=self._where)

    @contextmanager
    def _transaction(self, writer: str = "") -> Iterator[Connection]:
        """Run a ``with`` block as one transaction, with failpoints ``<writer>.commit`` and ``<writer>.end``."""
        with self._explained():
            with self._engine.begin() as connection:
                yield connection
                if writer:
                    reach(f"{writer}.commit")
            if writer:
                reach(f"{writer}.end")

    def _explained(self) -> AbstractContextManager[None]:
        return explained(self._where, self._hidden)


def _content(study_yaml: str, manifest: str) -> str:
    return hashlib.sha256(f"{study_yaml}\0{manifest}".encode()).hexdigest()
