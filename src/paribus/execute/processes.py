"""The executor that runs use unless told otherwise: worker processes of one thread, fed one task at a time.

The parent alone hears events and decides. A worker that dies is replaced, and its task is reported
lost: that says nothing about the task's trials, and whether they are tried again is the caller's to say.
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
"""Workers that may end, one after another, before they have said a word."""


_HALF_A_MESSAGE = (AttributeError, ImportError, LookupError, TypeError, ValueError, PickleError)
"""What a message of a worker that died while it spoke may raise."""


@dataclass
class _Worker:
    process: Process
    connection: Connection
    task: Task | None = None
    left: set[str] = field(default_factory=set)
    """Identities of the task's trials that have not ended."""
    heard: bool = False
    """Whether it has ever said something."""


class Processes:
    """An `Executor` of worker processes, which stay for all phases of a run.

    They start at once, so that what happens before the first task hides the time they take.
    """

    def __init__(self, out: Path, *, jobs: int, device: str = "cpu") -> None:
        """Compile the kernels.

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
        """Why the C kernels were compiled anew or cannot be used, if that was not asked for."""
        return self.kernels.notes

    def __enter__(self) -> Self:
        """Start all workers."""
        try:
            for _ in range(self.jobs):
                self._workers.append(self._spawn())
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """End all workers."""
        for worker in self._workers:
            worker.process.kill()
            worker.connection.close()
        for worker in self._workers:
            worker.process.join()
        self._workers.clear()

    def _spawn(self) -> _Worker:
        return _Worker(*start_worker(work, self._arguments))

    def run(self, tasks: Iterable[Task], on_event: Callable[[Event], None]) -> None:
        """Run all tasks, each in some worker, in the given order as workers become free.

        Args:
            tasks: what to do; asked for the next one whenever a worker is free, also after it
                had none, so that a caller can put a lost task back.
            on_event: called in this process, in the order of arrival.

        Raises:
            ParibusError: a worker met a full disk or the like, or workers end before they begin.
        """
        waiting = iter(tasks)
        following = self._feed(waiting, next(waiting, None))
        while following is not None or any(worker.task for worker in self._workers):
            for worker in _speaking(self._workers):
                if not _hear(worker, on_event, self.out):
                    self._replace(worker, on_event)
            following = self._feed(waiting, following or next(waiting, None))

    def _feed(self, waiting: Iterator[Task], following: Task | None) -> Task | None:
        """Give every free worker that has started a task; return the next task, if any is left.

        A worker that takes long to start would begin its task after later ones.
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
        """Report the task of a worker that died, and start another."""
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
    """Wait until busy or starting workers have something to say, or have ended (which ends their pipe)."""
    busy = {worker.connection: worker for worker in workers if worker.task or not worker.heard}
    return [busy[item] for item in wait(list(busy)) if isinstance(item, Connection)]


def _hear(worker: _Worker, on_event: Callable[[Event], None], out: Path) -> bool:
    """Pass on everything a worker has said; return False when it has ended."""
    while (event := _said(worker)) is not None:
        if isinstance(event, Finished | Tested | Explained | NotDone):
            worker.left.discard(event.identity)
            worker.task = worker.task if worker.left else None
        pass_on(event, on_event, out)
    return not worker.connection.closed


def _said(worker: _Worker) -> Event | None:
    """Return the next thing a worker has said; None if there is none, or it has ended (its pipe is closed)."""
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
    """Wait for the end of a worker, and say how it came."""
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
