"""What comes out of an executor: events, which are small, picklable and free of arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from paribus.errors import (
    DataError,
    MissingExtraError,
    ParibusError,
    Problem,
    StoreError,
    StudyError,
)
from paribus.execute.task import Kind
from paribus.observed import Moments
from paribus.records import EpochRecord, TrialOutcome

__all__ = [
    "EpochEnded",
    "Event",
    "Explained",
    "Fatal",
    "Finished",
    "Lost",
    "NotDone",
    "Ready",
    "Started",
    "Tell",
    "Tested",
    "fatal",
]


@dataclass(frozen=True)
class Ready:
    """A worker has started and can be given a task."""


@dataclass(frozen=True)
class Started:
    """A worker began (or resumed) a trial."""

    identity: str
    environment: Mapping[str, Any]
    resumed_epochs: int


@dataclass(frozen=True)
class EpochEnded:
    """An epoch of a trial ended."""

    identity: str
    record: EpochRecord


@dataclass(frozen=True)
class Finished:
    """A trial ended; its artifacts are durable."""

    identity: str
    outcome: TrialOutcome


@dataclass(frozen=True)
class Tested:
    """A trained trial was scored on the test set."""

    identity: str
    metrics: Mapping[str, float]
    inputs: Moments
    """Of the images that the network saw."""


@dataclass(frozen=True)
class Explained:
    """What a trained network looks at has been kept."""

    identity: str


@dataclass(frozen=True)
class NotDone:
    """A trained trial could not be tested or explained; the trial itself stays as it is."""

    identity: str
    reason: str


@dataclass(frozen=True)
class Lost:
    """A worker has ended before its task had: that says nothing about the trials."""

    identities: tuple[str, ...]
    """Of the task's trials that had not ended."""
    kind: Kind
    """Of the task."""
    reason: str


FatalKind = Literal["StudyError", "DataError", "StoreError", "MissingExtraError"]
_FATAL: dict[FatalKind, type[ParibusError]] = {
    "StudyError": StudyError,
    "DataError": DataError,
    "StoreError": StoreError,
    "MissingExtraError": MissingExtraError,
}
"""Errors that end a run: none of them is a trial's own."""


@dataclass(frozen=True)
class Fatal:
    """The study cannot go on: a full disk, say."""

    kind: FatalKind
    problems: tuple[Problem, ...]
    text: str

    def error(self) -> ParibusError:
        """Return the error that the worker met."""
        return _FATAL[self.kind](self.problems or self.text)


def fatal(error: ParibusError) -> Fatal | None:
    """Return how an error crosses to the parent; None if it ends no run.

    A subclass crosses as the nearest kind that the parent knows.

    Args:
        error: met by a worker.
    """
    for kind, known in _FATAL.items():
        if isinstance(error, known):
            return Fatal(kind, error.problems, str(error))
    return None


Event = Ready | Started | EpochEnded | Finished | Tested | Explained | NotDone | Lost | Fatal

Tell = Callable[[Event], None]
"""Takes an event, in the order in which things happen."""
