"""Description of a run in its store, so that results and report need neither data nor study file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import TypeAdapter, ValidationError

from paribus.errors import Problem, StoreError
from paribus.records import DataDescription, DataFacts, Plan

__all__ = ["DataNote", "Manifest", "VerdictLook", "manifest_from_json", "manifest_to_json"]


@dataclass(frozen=True)
class DataNote:
    """Fingerprint of a data set of a study, and notes about it."""

    source: str
    fingerprint: str
    notes: tuple[str, ...]
    changed: tuple[str, ...] = ()
    """Changes made to pixels or labels."""
    ignored: tuple[str, ...] = ()
    """Contents of the source that are not used."""

    def lines(self) -> tuple[str, ...]:
        """Return all notes, one line each."""
        return (
            *self.notes,
            *(f"changed: {text}" for text in self.changed),
            *(f"ignored: {text}" for text in self.ignored),
        )


@dataclass(frozen=True)
class VerdictLook:
    """Verdicts that a run gave, and that could be seen from then on."""

    at: str
    """Time of the verdicts: UTC, ISO 8601."""
    seeds: tuple[int, ...]
    """Seeds from which the claims were judged."""
    looks: tuple[int, ...]
    """Planned looks of the study at that time; empty for a fixed number of seeds."""
    verdicts: Mapping[str, str]
    """Claim id -> verdict, in the words of the report."""


@dataclass(frozen=True)
class Manifest:
    """A plan with the descriptions of its data at the time of the run."""

    plan: Plan
    descriptions: Mapping[str, DataDescription]
    """Variant name -> its data."""
    data: tuple[DataNote, ...]
    data_keys: Mapping[str, str]
    """Variant name -> fingerprint of its data set."""
    facts: Mapping[str, DataFacts] = field(default_factory=dict)
    """Variant name -> facts about its images, such as duplicates."""
    engine_versions: Mapping[str, int] = field(default_factory=dict)
    """Variant name -> version of the arithmetic that trains it; with `data_keys`, it gives the
    identities of the plan's trials. Empty where an earlier version wrote this down."""
    results_seen: bool = False
    """Whether some trial had a result when this was registered: later claims are exploratory."""
    verdict_looks: tuple[VerdictLook, ...] = ()
    """All times at which verdicts were given, oldest first; empty where an earlier version wrote this."""


_ADAPTER = TypeAdapter(Manifest)


def manifest_to_json(manifest: Manifest) -> str:
    """Return the manifest as JSON text."""
    return _ADAPTER.dump_json(manifest).decode()


def manifest_from_json(text: str, *, where: str) -> Manifest:
    """Read a manifest back.

    Raises:
        StoreError: the text is not a manifest of this version.
    """
    try:
        return _ADAPTER.validate_json(text)
    except ValidationError as error:
        raise StoreError(
            Problem(
                where=where,
                rule="must hold the plan of a run that this version of paribus can read",
                got=f"{error.error_count()} problems, the first: {error.errors()[0]['msg']}",
                fix="Run the study again with the same --out to rewrite it.",
            )
        ) from error
