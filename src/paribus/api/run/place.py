"""Location of a study's results: the folder of its files, and the store of its trials.

The store is the folder's own database unless a URL names another one. Then the file `KEPT` in the folder contains
the URL without its secrets, so that later commands find the store by the folder alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from paribus.api.run.folder import (
    DATABASE,
    database_of,
    existing_folder,
    is_file,
    is_folder,
    own_database,
    write_text,
)
from paribus.errors import Problem, StoreError
from paribus.store.address import Address, address_of, completed, given_by_variable
from paribus.store.store import Store, open_store

__all__ = ["KEPT", "Place", "existing_place", "holds_results", "run_place"]

KEPT = "store.json"


@dataclass(frozen=True)
class Place:
    """Location of one study's results: a folder and a store."""

    folder: Path
    """Folder of the artifacts, the report and the study's text."""
    address: Address | None = None
    """Address of the store; None where it is the folder's own database."""
    study: str | None = None
    """Name of the study in that store; None if it is not recorded."""

    @property
    def name(self) -> str:
        """Name of the store in errors, without secrets."""
        return str(database_of(self.folder)) if self.address is None else self.address.public

    def reader(self) -> Store:
        """Open the store for reading, without creating or upgrading it.

        Raises:
            StoreError: the store cannot be read.
            MissingExtraError: the database driver is not installed.
        """
        if self.address is None:
            return open_store(database_of(self.folder), read_only=True)
        return open_store(self.address.database, read_only=True, study=self.study)


def holds_results(folder: Path) -> bool:
    """Return whether a folder contains a run's database, or the address of its store."""
    return is_file(database_of(folder)) or is_file(folder / KEPT)


def existing_place(folder: Path, store: str | None = None) -> Place:
    """Return the location of a folder's results.

    Args:
        folder: output folder of a run.
        store: URL of the store; by default the recorded one, with secrets from `VARIABLE`.

    Raises:
        StoreError: the folder is not a run's, or a URL is no store's.
    """
    kept = kept_store(folder)
    address = kept.address if store is None else address_of(store)
    if address is None or not is_folder(folder):
        return Place(existing_folder(folder))
    return Place(folder, completed(address), kept.study)


@contextmanager
def run_place(folder: Path, store: str | None, study: str) -> Iterator[tuple[Place, Store]]:
    """Open the store that a run writes to, and record its address in the folder.

    Args:
        folder: output folder of the run, which must exist.
        store: URL; by default the recorded one, else the folder's own database, else `VARIABLE`.
        study: name of the study that is run.

    Raises:
        StoreError: the store cannot be written, is in use, or holds another study; or the folder's
            results are in another store.
    """
    place = _chosen(folder, store)
    of_folder = kept_store(folder).study
    if of_folder is not None:
        _refuse_other_study(Place(folder), {of_folder}, study)
    database = own_database(folder) if place.address is None else place.address.database
    with open_store(database, study=study) as opened, _held(place, opened):
        known = {registration.study for registration in opened.registrations()}
        _refuse_other_study(place, known, study)
        if place.address is not None:
            _refuse_other_store(place, place.address, known)
            kept = json.dumps({"store": place.address.public, "study": study}, indent=1) + "\n"
            if not is_file(folder / KEPT) or (folder / KEPT).read_text("utf-8") != kept:
                write_text(folder / KEPT, kept)
        yield replace(place, study=study), opened


@dataclass(frozen=True)
class KeptStore:
    """Record in a folder of a store that is not its own database."""

    address: Address | None = None
    """Address without secrets; None if none is recorded."""
    study: str | None = None
    """Name of the study in that store; None in folders of earlier versions, whose stores have one study."""


def kept_store(folder: Path) -> KeptStore:
    """Return the record in a folder of a store that is not its own database.

    Raises:
        StoreError: the file is damaged.
    """
    path = folder / KEPT
    try:
        found = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return KeptStore()
    except (OSError, ValueError):
        found = None
    url, study = (
        (found.get("store"), found.get("study")) if isinstance(found, dict) else (None, None)
    )
    if not isinstance(url, str) or not isinstance(study, str | None):
        rule = "must hold the address of a store"
        fix = "Delete it, and give the address again: --store URL."
        raise StoreError(Problem(str(path), rule, "something else", fix))
    return KeptStore(address_of(url, where=str(path)), study)


def _chosen(folder: Path, store: str | None) -> Place:
    kept = kept_store(folder).address
    owns = kept is None and is_file(database_of(folder))
    if store is None and owns:
        return Place(folder)
    address = address_of(store) if store is not None else kept or given_by_variable()
    if address is None:
        return Place(folder)
    if owns:
        rule = f"keeps its results in its own database ({DATABASE})"
        fix = "Leave --store out, or choose another folder with --out."
        raise StoreError(Problem(str(folder), rule, f"--store {address.public}", fix))
    return Place(folder, completed(address))


def _held(place: Place, store: Store) -> AbstractContextManager[None]:
    """Lock a store that other folders may use, too; the folder's own database has the folder's lock."""
    return nullcontext() if place.address is None else store.held()


def _refuse_other_study(place: Place, known: set[str], study: str) -> None:
    if known and study not in known:
        where, fix = str(place.folder), "Choose another folder with --out."
        if place.address is not None:
            where, fix = place.name, "Choose another database with --store: each holds one study."
        rule = f"holds the results of the study {min(known)!r}"
        raise StoreError(Problem(where, rule, f"the study {study!r}", fix))


def _refuse_other_store(place: Place, address: Address, known: set[str]) -> None:
    """Refuse to start in an empty store if the folder's run was started in another one.

    A store that knows the study may be the same one at a new address.
    """
    kept = kept_store(place.folder).address
    if kept is not None and not kept.is_same(address) and not known:
        rule = f"keeps its results in {kept.public}"
        fix = "Leave --store out, or choose another folder with --out."
        raise StoreError(Problem(str(place.folder), rule, f"--store {address.public}", fix))
