"""The default executor: worker processes with one thread each, which get one task at a time.

Only the parent process receives events and makes decisions. A worker that dies is replaced, and the trials
of its task are reported as lost, not as failed; the caller decides whether to repeat the task.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from pickle import PickleError
from typing import Self

from paribus.errors import Problem, TrialError
from paribus.execute.events import Event, Explained, Finished, Lost, NotDone, Tested
from paribus.execute.executor import MakesExecutor, pass_on
from paribus.execute.task import Task
from paribus.execute.workers.spawning import Process
from paribus.execute.workers.starting import start_worker
from paribus.execute.workers.worker import work
from paribus.nn.native.library import build

__all__ = ["EXECUTOR", "Processes"]

MOST_STILLBORN = 8
"""Largest number of workers in a row that may end before they have sent an event; one more raises."""


_HALF_A_MESSAGE = (AttributeError, ImportError, LookupError, TypeError, ValueError, PickleError)
"""Exceptions that an incomplete message of a dying worker may raise when it is unpickled."""


@dataclass
class _Worker:
    process: Process
    connection: Connection
    task: Task | None = None
    left: set[str] = field(default_factory=set)
    """Identities of the task's trials that have not ended."""
    heard: bool = False
    """Whether the worker has sent an event."""


class Processes:
    """An `Executor` with worker processes that live through all phases of a run.

    They are started in ``__enter__``, so that PyTorch is imported while the caller prepares tasks.
    """

    def __init__(self, out: Path, *, jobs: int, device: str = "cpu") -> None:
        """Compile the C kernels.

        Args:
            out: the study's output folder, for artifacts.
            jobs: number of workers.
            device: ``cpu`` or ``cuda``.
        """
        self.out, self.jobs = out, jobs
        self.kernels = build()
        self._arguments = (out, device, self.kernels)
        self._stillborn = 0
        self._workers: list[_Worker] = []

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks for the user if the C kernels were recompiled or cannot be used."""
        return self.kernels.notes

    def __enter__(self) -> Self:
        """Start all workers and return the executor."""
        try:
            for _ in range(self.jobs):
                self._workers.append(self._spawn())
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Kill all workers and wait for their end."""
        for worker in self._workers:
            worker.process.kill()
            worker.connection.close()
        for worker in self._workers:
            worker.process.join()
        self._workers.clear()

    def _spawn(self) -> _Worker:
        return _Worker(*start_worker(work, self._arguments))

    def run(self, tasks: Iterable[Task], on_event: Callable[[Event], None]) -> None:
        """Carry out all tasks: each free worker gets the next one.

        Args:
            tasks: tasks; ``next`` is called whenever a worker is free, even after the iterator was
                exhausted, so that a caller can add a lost task again.
            on_event: function called with every event in this process, in the order of arrival.

        Raises:
            ParibusError: a worker met an error that no trial caused, for example a full disk, or too many
                workers ended before they were ready.
        """
        waiting = iter(tasks)
        following = self._feed(waiting, next(waiting, None))
        while following is not None or any(worker.task for worker in self._workers):
            for worker in _speaking(self._workers):
                if not _hear(worker, on_event, self.out):
                    self._replace(worker, on_event)
            following = self._feed(waiting, following or next(waiting, None))

    def _feed(self, waiting: Iterator[Task], following: Task | None) -> Task | None:
        """Give a task to every free worker that is ready; return the next task, or None.

        Workers that are still starting get none, since it would begin later than tasks after it.
        """
        for worker in self._workers:
            if following is None:
                break
            if worker.task is None and worker.heard:
                worker.task = following
                worker.left = {trial.identity for trial in following.trials}
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    worker.connection.send(following)
                following = next(waiting, None)
        return following

    def _replace(self, worker: _Worker, on_event: Callable[[Event], None]) -> None:
        """Start a worker in place of one that died, and report the trials of its task as lost."""
        reason = _how_it_ended(worker)
        self._stillborn = 0 if worker.heard else self._stillborn + 1
        self._workers.remove(worker)
        if self._stillborn > MOST_STILLBORN:
            raise TrialError(_no_worker_begins(reason))
        self._workers.append(self._spawn())
        task = worker.task
        if task is not None:
            left = tuple(t.identity for t in task.trials if t.identity in worker.left)
            on_event(Lost(left, task.kind, reason))


def _speaking(workers: list[_Worker]) -> list[_Worker]:
    """Wait until busy or starting workers have sent an event or ended (closed pipe); return them."""
    busy = {worker.connection: worker for worker in workers if worker.task or not worker.heard}
    return [busy[item] for item in wait(list(busy)) if isinstance(item, Connection)]


def _hear(worker: _Worker, on_event: Callable[[Event], None], out: Path) -> bool:
    """Pass on all events that a worker has sent; return False if the worker has ended."""
    while (event := _said(worker)) is not None:
        if isinstance(event, Finished | Tested | Explained | NotDone):
            worker.left.discard(event.identity)
            worker.task = worker.task if worker.left else None
        pass_on(event, on_event, out)
    return not worker.connection.closed


def _said(worker: _Worker) -> Event | None:
    """Return the next event of a worker; None if there is none, or the worker has ended (closed pipe)."""
    try:
        if not worker.connection.poll():
            return None
        event: Event = worker.connection.recv()
    except (EOFError, OSError):
        worker.connection.close()
        return None
    except _HALF_A_MESSAGE:
        worker.process.kill()
        worker.connection.close()
        return None
    worker.heard = True
    return event


def _how_it_ended(worker: _Worker) -> str:
    """Wait for a worker to end, and return its exit code or signal as text."""
    worker.process.join()
    worker.connection.close()
    code = worker.process.exitcode or 0
    if code >= 0:
        return f"the worker process ended (exit code {code})"
    number = -code
    known = number in set(signal.Signals)
    name = signal.Signals(number).name if known else str(number)
    hint = "; out of memory is a common cause" if name == "SIGKILL" else ""
    return f"the worker process died (signal {name}){hint}"


def _no_worker_begins(reason: str) -> Problem:
    return Problem(
        "workers",
        "must live long enough to begin a trial",
        f"{MOST_STILLBORN + 1} that ended before, the last: {reason}",
        "Read what they printed above; fewer --jobs leave each more memory. What has ended is kept.",
    )


EXECUTOR: MakesExecutor = Processes
