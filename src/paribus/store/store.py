"""The protocol of stores, and the function that opens one.

A store contains the trials of one study, their epochs, metrics and looks at the test set. Only the process that
runs the study writes to it; other processes may read at the same time.
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
    """Results of one study. `paribus.testing.store.StoreContract` tests the following promises.

    A store refuses a second study, which could give the same trial another variant name.

    Every method is one transaction: when it returns, its changes survive a crash of the process and of the
    machine; when it raises, nothing was changed. `register`, `add_trials`, `record_epoch` and `finish` are
    idempotent: a second call with equal arguments changes nothing. Every method raises `StoreError` if the
    store cannot be read or written, or if it writes to a trial that was not added.
    """

    def __enter__(self) -> Self:
        """Return the store itself."""

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
        """Lock the store against other runs until the ``with`` block or the process ends.

        Raises:
            StoreError: another run holds the lock.
        """

    def register(self, study: str, study_yaml: str, manifest: str, at: str) -> None:
        """Store a study's text and plan; equal content is stored once, as the newest.

        Raises:
            StoreError: the store contains the results of another study.
        """

    def registrations(self) -> tuple[Registration, ...]:
        """Return all registered versions of the study, oldest first."""

    def add_trials(self, trials: Sequence[Trial]) -> None:
        """Add new trials as pending; known trials get the given variant name and levels."""

    def begin_attempt(self, identity: str, environment: Mapping[str, Any]) -> None:
        """Mark a trial as running in an environment; delete its epochs and its reason."""

    def record_epoch(self, identity: str, record: EpochRecord) -> None:
        """Store the record of an epoch, in place of an earlier record of it."""

    def finish(self, identity: str, outcome: TrialOutcome) -> None:
        """Store the outcome of a trial."""

    def lose(self, identity: str, reason: str) -> None:
        """Mark a trial as pending after its worker was lost; the reason is kept until it runs again."""

    def record_test(
        self, metrics: Mapping[str, float], look: Look, inputs: Moments | None = None
    ) -> None:
        """Store test metrics of a trial, together with the look at the test set that measured them.

        Args:
            metrics: metrics of the test set.
            look: reading of the test set, with the trial's identity.
            inputs: moments of the test images, stored in ``observed`` as ``inputs["test"]``.
        """

    def trials(self, *, curves: bool = True) -> tuple[StoredTrial, ...]:
        """Return all trials with their epochs, sorted by variant, ``fit_on`` and seed.

        Args:
            curves: whether to read epochs, too, which are most of a large study's data; otherwise
                ``curves`` of every trial is empty.
        """

    def looks(self) -> tuple[Look, ...]:
        """Return all looks at the test set, oldest first."""


def known_schemes() -> dict[str, str]:
    """Return URL scheme -> name of the module in `paribus.store.kinds` that opens it."""
    names = [item.name for item in pkgutil.iter_modules(kinds.__path__)]
    modules = {name: importlib.import_module(f"{kinds.__name__}.{name}") for name in names}
    return {scheme: name for name, module in modules.items() for scheme in module.SCHEMES}


def open_store(database: str | Path, *, read_only: bool = False, study: str | None = None) -> Store:
    """Open (and create or upgrade) a store.

    Args:
        database: path of a SQLite file, or a URL whose scheme names the kind of store.
        read_only: whether to open without creating files or upgrading the schema.
        study: name of the study in a database of several; by default the only one.

    Raises:
        StoreError: the kind is unknown; the store cannot be opened, is damaged, or was written by a newer
            version; or it has several studies and ``study`` is None. The error contains no secret of the URL.
        MissingExtraError: the database driver is not installed.
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
