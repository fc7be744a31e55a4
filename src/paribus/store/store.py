"""What every store promises, and how one is opened.

A store holds the trials of one study, their epochs, metrics and looks at the test set. Only the process that
runs the study writes to it; others read at the same time.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from paribus.errors import Problem, StoreError, did_you_mean
from paribus.observed import Moments
from paribus.records import EpochRecord, Look, StoredTrial, Trial, TrialOutcome
from paribus.store import kinds
from paribus.store.address import address_of
from paribus.store.registration import Registration

__all__ = ["Registration", "Store", "known_schemes", "open_store"]


class Store(Protocol):
    """Results of one study; `paribus.testing.store.StoreContract` holds a store to this.

    It refuses a second study: both would give names to the same trials.

    Every method is one transaction: when it returns, what it wrote survives a crash of this process and
    of the machine; when it raises, nothing of it was written. To write the same thing twice changes
    nothing. Every method raises `StoreError` where the store cannot be read or written, and where a trial
    is written to that was never added.
    """

    def __enter__(self) -> Self:
        """Return the store."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the store."""

    def close(self) -> None:
        """Close all connections."""

    def held(self) -> AbstractContextManager[None]:
        """Keep every other run from the store until the block ends, or this process does.

        Raises:
            StoreError: another run holds it.
        """

    def register(self, study: str, study_yaml: str, manifest: str, at: str) -> None:
        """Keep a study's text and plan; the same content is kept once, as the newest.

        Raises:
            StoreError: the store holds the results of another study.
        """

    def registrations(self) -> tuple[Registration, ...]:
        """Return every version of the study that was run, oldest first."""

    def add_trials(self, trials: Sequence[Trial]) -> None:
        """Add trials that are not known yet, as pending; a known one takes the present variant name."""

    def begin_attempt(self, identity: str, environment: Mapping[str, Any]) -> None:
        """Mark a trial as running, in this environment; earlier epochs and reasons are forgotten."""

    def record_epoch(self, identity: str, record: EpochRecord) -> None:
        """Keep what an epoch measured, in place of what was known of it."""

    def finish(self, identity: str, outcome: TrialOutcome) -> None:
        """Keep how a trial ended."""

    def lose(self, identity: str, reason: str) -> None:
        """Mark a trial as pending again: what ran it is gone. The reason is kept until it runs again."""

    def record_test(
        self, metrics: Mapping[str, float], look: Look, inputs: Moments | None = None
    ) -> None:
        """Keep test metrics of a trial together with the look that gave them.

        Args:
            metrics: of the test set.
            look: that read it.
            inputs: moments of the test images, kept as ``inputs["test"]`` of what was observed.
        """

    def trials(self, *, curves: bool = True) -> tuple[StoredTrial, ...]:
        """Return all trials with their epochs, by variant, what they were fitted on, and seed.

        Args:
            curves: whether epochs are read, too; without them ``curves`` of every trial is empty. They
                are most of what a large study has stored.
        """

    def looks(self) -> tuple[Look, ...]:
        """Return every reading of the test set, oldest first."""


def known_schemes() -> dict[str, str]:
    """Return scheme of a URL -> the file in `paribus.store.kinds` that opens it."""
    names = [item.name for item in pkgutil.iter_modules(kinds.__path__)]
    modules = {name: importlib.import_module(f"{kinds.__name__}.{name}") for name in names}
    return {scheme: name for name, module in modules.items() for scheme in module.SCHEMES}


def open_store(database: str | Path, *, read_only: bool = False, study: str | None = None) -> Store:
    """Open (and create or upgrade) a store.

    Args:
        database: a file for SQLite, or a URL whose scheme names the kind of store.
        read_only: leave no trace: nothing is created, no schema upgraded.
        study: which study of a database that holds several; by default the only one.

    Raises:
        StoreError: the kind is unknown, or the store cannot be opened, is damaged, or was written by a
            newer version; or it holds several studies and none is named. No text of it holds a secret of the URL.
        MissingExtraError: what speaks to such a store is not installed.
    """
    scheme = "sqlite"
    if not isinstance(database, Path):
        address = address_of(database)
        scheme, database = address.public.partition("://")[0], address.database
    known = known_schemes()
    name = known.get(scheme.partition("+")[0])
    if name is None:
        rule = f"must be the URL of a store: {', '.join(f'{item}://...' for item in known)}"
        raise StoreError(Problem("--store", rule, repr(scheme), did_you_mean(scheme, known)))
    module = importlib.import_module(f"{kinds.__name__}.{name}")
    store: Store = module.open_database(database, read_only=read_only, study=study)
    return store
