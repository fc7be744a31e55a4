"""The events that an executor reports. They are small, picklable and free of arrays."""

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
    """Moments of the test images that the network saw."""


@dataclass(frozen=True)
class Explained:
    """Attributions and layer outputs of a trained network have been written to a file."""

    identity: str


@dataclass(frozen=True)
class NotDone:
    """A trained trial could not be tested or explained; the trial itself stays as it is."""

    identity: str
    reason: str


@dataclass(frozen=True)
class Lost:
    """A worker ended before its task did. The trials are not at fault: they are missing, not failed."""

    identities: tuple[str, ...]
    """Identities of the task's trials that had not ended."""
    kind: Kind
    """Kind of the task."""
    reason: str


FatalKind = Literal["StudyError", "DataError", "StoreError", "MissingExtraError"]
_FATAL: dict[FatalKind, type[ParibusError]] = {
    "StudyError": StudyError,
    "DataError": DataError,
    "StoreError": StoreError,
    "MissingExtraError": MissingExtraError,
}
"""Name of an error that ends the run -> its class. None of them is caused by a single trial."""


@dataclass(frozen=True)
class Fatal:
    """An error after which the run cannot go on, for example a full disk."""

    kind: FatalKind
    problems: tuple[Problem, ...]
    text: str

    def error(self) -> ParibusError:
        """Return the error as the worker raised it."""
        return _FATAL[self.kind](self.problems or self.text)


def fatal(error: ParibusError) -> Fatal | None:
    """Return an error as an event for the parent process; None if it does not end the run.

    A subclass is reported as the kind in `_FATAL` that it inherits from.

    Args:
        error: an exception that a worker has caught.
    """
    for kind, known in _FATAL.items():
        if isinstance(error, known):
            return Fatal(kind, error.problems, str(error))
    return None


Event = Ready | Started | EpochEnded | Finished | Tested | Explained | NotDone | Lost | Fatal

Tell = Callable[[Event], None]
"""Function that is called with each event, in the order in which they happen."""
