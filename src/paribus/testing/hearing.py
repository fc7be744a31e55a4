"""Helpers of the contract tests: events of a run by trial, and the bytes of its artifacts."""

from __future__ import annotations

import _thread
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

from paribus.execute.events import EpochEnded, Event, Fatal, Finished, Lost, Ready, Started
from paribus.execute.executor import Executor
from paribus.execute.task import Task
from paribus.records import TrialOutcome

__all__ = [
    "Backlog",
    "Heard",
    "Interrupt",
    "StopError",
    "bytes_of",
    "hear",
    "identities_of",
    "numbers_of",
    "outcome_of",
]

MEMORY = "memory_kept"
"""Entry of a trial's environment that affects its speed, but not its results."""

Heard = dict[str, list[Event]]
"""Identity -> its events, in the order of arrival."""


class StopError(Exception):
    """An exception that the caller of an executor raises."""


class Backlog:
    """An iterator over tasks to which tasks may be added, even after it was exhausted."""

    def __init__(self, tasks: Iterable[Task]) -> None:
        """Begin with some tasks.

        Args:
            tasks: waiting tasks, in order.
        """
        self.waiting = deque(tasks)

    def __iter__(self) -> Iterator[Task]:
        """Return this iterator over tasks."""
        return self

    def __next__(self) -> Task:
        """Return the task that has waited longest."""
        if not self.waiting:
            raise StopIteration
        return self.waiting.popleft()


class Interrupt:
    """A delayed SIGINT, as from Ctrl-C; a context manager for the main thread."""

    def __init__(self, *, after_seconds: float) -> None:
        """Prepare the signal; `send_once` starts the delay.

        Args:
            after_seconds: time between `send_once` and the signal.
        """
        self.sent_at = float("inf")
        self._timer = threading.Timer(after_seconds, self._send)

    def __enter__(self) -> Self:
        """Set Python's default handler of SIGINT, which raises `KeyboardInterrupt`."""
        self._before = signal.signal(signal.SIGINT, signal.default_int_handler)
        return self

    def __exit__(self, *_: object) -> None:
        """Cancel the signal, and restore the previous handler."""
        self._timer.cancel()
        signal.signal(signal.SIGINT, self._before)

    def send_once(self) -> None:
        """Start the delay, unless an earlier call did."""
        if not self._timer.is_alive() and self.sent_at == float("inf"):
            self._timer.start()

    def _send(self) -> None:
        self.sent_at = time.monotonic()
        if hasattr(signal, "pthread_kill"):
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        else:
            _thread.interrupt_main()


def hear(
    executor: Executor, tasks: Iterable[Task], listen: Callable[[Event], None] = lambda _: None
) -> Heard:
    """Run tasks, and return the events of each trial; fail if one is lost.

    Args:
        executor: a started executor.
        tasks: tasks to run.
        listen: function called with each event.
    """
    heard: Heard = {}

    def on_event(event: Event) -> None:
        assert not isinstance(event, Ready | Fatal | Lost), event
        heard.setdefault(event.identity, []).append(event)
        listen(event)

    executor.run(tasks, on_event)
    return heard


def identities_of(tasks: Iterable[Task]) -> set[str]:
    """Return the identities of all trials of some tasks."""
    return {trial.identity for task in tasks for trial in task.trials}


def outcome_of(events: Sequence[Event]) -> TrialOutcome:
    """Return the outcome in the last event of a trial."""
    last = events[-1]
    assert isinstance(last, Finished), last
    return last.outcome


def numbers_of(heard: Heard) -> dict[str, list[str]]:
    """Return events without their durations, as text, in which NaN equals NaN."""
    return {
        identity: [repr(_said(event)) for event in events] for identity, events in heard.items()
    }


def _said(event: Event) -> object:
    match event:
        case Started():
            environment = {k: v for k, v in event.environment.items() if k != MEMORY}
            return environment, event.resumed_epochs
        case EpochEnded():
            return replace(event.record, wall_seconds=0.0, samples_per_second=0.0)
        case Finished():
            return replace(event.outcome, wall_seconds=0.0)
    return event


def bytes_of(out: Path) -> dict[str, bytes]:
    """Return path -> content of all artifacts."""
    files = (path for path in (out / "artifacts").rglob("*") if path.is_file())
    return {str(path.relative_to(out)): path.read_bytes() for path in files}
