"""The store: trials, their epochs, metrics and looks at the test set, in any SQL database.

Every method is one transaction; writing the same thing twice changes nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, Engine, Row, delete, insert, select, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from ceteris.errors import Problem, StoreError
from ceteris.records import EpochRecord, Look, StoredTrial, Trial, TrialOutcome
from ceteris.store import tables
from ceteris.store.schema import open_engine, upgrade

__all__ = ["Registration", "Store", "open_store"]


@dataclass(frozen=True)
class Registration:
    """A study as it stood when a run began."""

    study: str
    study_yaml: str
    manifest: str
    at: str


def open_store(database: str | Path) -> Store:
    """Open (and create or upgrade) a store.

    Args:
        database: a file for SQLite, or a database URL.

    Raises:
        StoreError: it cannot be opened, is damaged, or was written by a newer version.
    """
    url = f"sqlite:///{database}" if isinstance(database, Path) else database
    where = str(database) if isinstance(database, Path) else make_url(url).render_as_string()
    return Store(open_engine(url), where)


class Store:
    """Results of one study."""

    def __init__(self, engine: Engine, where: str) -> None:
        self._engine, self._where = engine, where
        with self._transaction() as connection:
            upgrade(connection, where)

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

    def register(self, study: str, study_yaml: str, manifest: str, at: str) -> None:
        """Keep a study's text and plan; the same content is kept once."""
        content = hashlib.sha256(f"{study_yaml}\0{manifest}".encode()).hexdigest()
        table = tables.registrations
        with self._transaction() as connection:
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
        """Return every version of the study that was run, oldest first."""
        table = tables.registrations
        with self._transaction() as connection:
            rows = connection.execute(select(table).order_by(table.c.id)).all()
        return tuple(Registration(row.study, row.study_yaml, row.manifest, row.at) for row in rows)

    def add_trials(self, trials: Sequence[Trial]) -> None:
        """Add trials that are not known yet; a known one takes the present variant name."""
        table = tables.trials
        with self._transaction() as connection:
            known = set(connection.execute(select(table.c.identity)).scalars())
            for trial in trials:
                names = {
                    "variant": trial.variant.name,
                    "levels": _json(dict(trial.variant.levels)),
                }
                if trial.identity in known:
                    own = table.c.identity == trial.identity
                    connection.execute(update(table).where(own).values(names))
                    continue
                values = {
                    **names,
                    "identity": trial.identity,
                    "seed": trial.seed,
                    "fit_on": trial.fit_on,
                    "status": "pending",
                    "attempts": 0,
                    "epochs": 0,
                    "wall_seconds": 0.0,
                    "metrics": "{}",
                    "observed": "{}",
                    "environment": "{}",
                }
                connection.execute(insert(table).values(values))

    def begin_attempt(self, identity: str, environment: Mapping[str, Any]) -> None:
        """Mark a trial as running, in this environment; its earlier epochs are forgotten."""
        table = tables.trials
        with self._transaction() as connection:
            connection.execute(delete(tables.epochs).where(tables.epochs.c.identity == identity))
            values = {
                "status": "running",
                "attempts": table.c.attempts + 1,
                "environment": _json(dict(environment)),
                "reason": None,
                "first_nonfinite": None,
            }
            connection.execute(update(table).where(table.c.identity == identity).values(values))

    def record_epoch(self, identity: str, record: EpochRecord) -> None:
        """Keep what an epoch measured."""
        table = tables.epochs
        own = (table.c.identity == identity) & (table.c.epoch == record.epoch)
        with self._transaction() as connection:
            connection.execute(delete(table).where(own))
            values = {
                "identity": identity,
                "epoch": record.epoch,
                "metrics": _json(dict(record.metrics)),
                "wall_seconds": record.wall_seconds,
                "samples_per_second": record.samples_per_second,
                "learning_rate": record.learning_rate,
            }
            connection.execute(insert(table).values(values))

    def finish(self, identity: str, outcome: TrialOutcome) -> None:
        """Keep how a trial ended."""
        values = {
            "status": outcome.status,
            "epochs": outcome.epochs,
            "wall_seconds": outcome.wall_seconds,
            "metrics": _json(dict(outcome.metrics)),
            "reason": outcome.reason,
            "first_nonfinite": outcome.first_nonfinite,
            "observed": _json(dict(outcome.observed)),
        }
        table = tables.trials
        with self._transaction() as connection:
            connection.execute(update(table).where(table.c.identity == identity).values(values))

    def record_test(
        self, metrics: Mapping[str, float], look: Look, inputs: Mapping[str, Any] | None = None
    ) -> None:
        """Keep test metrics of a trial together with the look that gave them.

        Args:
            metrics: of the test set.
            look: that read it.
            inputs: what was observed of the test images, kept under ``inputs.test``.
        """
        table = tables.trials
        own = table.c.identity == look.identity
        with self._transaction() as connection:
            found = connection.execute(select(table.c.metrics, table.c.observed).where(own)).one()
            observed = json.loads(found.observed)
            if inputs is not None:
                observed["inputs"] = {**observed.get("inputs", {}), "test": dict(inputs)}
            merged = _json({**json.loads(found.metrics), **metrics})
            changed = update(table).where(own).values(metrics=merged, observed=_json(observed))
            connection.execute(changed)
            values = {
                "identity": look.identity,
                "variant": look.variant,
                "seed": look.seed,
                "purpose": look.purpose,
                "at": look.at,
            }
            connection.execute(insert(tables.looks).values(values))

    def trials(self) -> tuple[StoredTrial, ...]:
        """Return all trials with their epochs, by variant, what they were fitted on, and seed."""
        with self._transaction() as connection:
            order = (tables.epochs.c.identity, tables.epochs.c.epoch)
            curves: dict[str, list[EpochRecord]] = {}
            for row in connection.execute(select(tables.epochs).order_by(*order)):
                curves.setdefault(row.identity, []).append(_epoch(row))
            table = tables.trials
            rows = connection.execute(
                select(table).order_by(table.c.variant, table.c.fit_on, table.c.seed)
            ).all()
        return tuple(_trial(row, tuple(curves.get(row.identity, ()))) for row in rows)

    def looks(self) -> tuple[Look, ...]:
        """Return every reading of the test set, oldest first."""
        table = tables.looks
        with self._transaction() as connection:
            rows = connection.execute(select(table).order_by(table.c.id)).all()
        return tuple(Look(row.identity, row.variant, row.seed, row.purpose, row.at) for row in rows)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or error).splitlines()[0]
            raise StoreError(
                Problem(
                    self._where,
                    "must be a database that can be read and written",
                    reason,
                    _cure(reason),
                )
            ) from error


def _cure(reason: str) -> str:
    if "full" in reason:
        return "Free some space, then run the same command again; nothing acknowledged is lost."
    if "readonly" in reason or "unable to open" in reason:
        return "Check the permissions of the folder, or choose another one with --out."
    if "malformed" in reason or "not a database" in reason:
        return "The file is damaged: restore it from a copy, or choose another folder with --out."
    return "Check that the database is running and reachable."


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)


def _epoch(row: Row[Any]) -> EpochRecord:
    return EpochRecord(
        row.epoch,
        json.loads(row.metrics),
        row.wall_seconds,
        row.samples_per_second,
        row.learning_rate,
    )


def _trial(row: Row[Any], curves: tuple[EpochRecord, ...]) -> StoredTrial:
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
        observed=json.loads(row.observed),
        environment=json.loads(row.environment),
    )
