"""Worker processes: spawned, one thread each, fed one task at a time.

The parent alone hears events and decides; a worker that dies gives a failed outcome for its task
and is replaced.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from ceteris import errors
from ceteris.execute.artifacts import drop_checkpoint, trial_folder
from ceteris.execute.events import Event, Explained, Fatal, Finished, Task, Tested
from ceteris.execute.spawning import spawn
from ceteris.execute.worker import work
from ceteris.nn.native.library import build
from ceteris.records import TrialOutcome

__all__ = ["Pool"]


@dataclass
class _Worker:
    process: BaseProcess
    connection: Connection
    task: Task | None = None
    left: set[str] = field(default_factory=set)
    """Identities of the task's trials that have not ended."""


class Pool:
    """Workers that stay for all phases of a run; starting them early hides the time they take.

    Use as a context manager: all workers are ended at its end, however that comes.
    """

    def __init__(self, out: Path, *, jobs: int, device: str = "cpu") -> None:
        """Start workers.

        Args:
            out: the study's output folder, for artifacts.
            jobs: number of workers.
            device: ``cpu`` or ``cuda``.
        """
        self.out = out
        self.kernels = build()
        self._arguments = (out, device, self.kernels)
        self._workers = [self._spawn() for _ in range(jobs)]

    def __enter__(self) -> Pool:
        """Return the pool."""
        return self

    def __exit__(self, *_: object) -> None:
        """End all workers."""
        for worker in self._workers:
            worker.process.kill()
            worker.connection.close()
        for worker in self._workers:
            worker.process.join()

    def _spawn(self) -> _Worker:
        return _Worker(*spawn(work, self._arguments))

    def run(self, tasks: Sequence[Task], on_event: Callable[[Event], None]) -> None:
        """Run all tasks, each in some worker, in the given order as workers become free.

        Args:
            tasks: what to do.
            on_event: called in this process, in the order of arrival.

        Raises:
            CeterisError: a worker met a full disk or the like.
        """
        waiting = list(reversed(tasks))
        for worker in self._workers:
            _feed(worker, waiting)
        while any(worker.task for worker in self._workers):
            for worker in _ready(self._workers):
                if not _hear(worker, on_event, self.out):
                    _bury(worker, on_event)
                    self._workers.remove(worker)
                    worker = self._spawn()
                    self._workers.append(worker)
                if worker.task is None:
                    _feed(worker, waiting)


def _feed(worker: _Worker, waiting: list[Task]) -> None:
    if waiting:
        worker.task = waiting.pop()
        worker.left = {trial.identity for trial in worker.task.trials}
        with contextlib.suppress(BrokenPipeError):
            worker.connection.send(worker.task)


def _ready(workers: list[_Worker]) -> list[_Worker]:
    """Wait until busy workers have something to say, or have ended (which ends their pipe)."""
    busy = {worker.connection: worker for worker in workers if worker.task}
    return [busy[item] for item in wait(list(busy)) if isinstance(item, Connection)]


def _hear(worker: _Worker, on_event: Callable[[Event], None], out: Path) -> bool:
    """Pass on everything a worker has said; return False when it has ended."""
    try:
        while worker.connection.poll():
            event: Event = worker.connection.recv()
            if isinstance(event, Fatal):
                raise getattr(errors, event.kind)(event.problems or event.text)
            if isinstance(event, Finished | Tested | Explained):
                worker.left.discard(event.identity)
                worker.task = worker.task if worker.left else None
            on_event(event)
            if isinstance(event, Finished):  # only now is the result acknowledged
                drop_checkpoint(trial_folder(out, event.identity))
    except (EOFError, ConnectionResetError):
        return False
    return True


def _bury(worker: _Worker, on_event: Callable[[Event], None]) -> None:
    """Report the task of a worker that died."""
    worker.process.join()
    worker.connection.close()
    if worker.task is not None:
        code = worker.process.exitcode or 0
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        reason = f"the worker process died ({how}); out of memory is a common cause"
        for trial in worker.task.trials:
            if trial.identity in worker.left:
                on_event(Finished(trial.identity, TrialOutcome("failed", 0, 0.0, reason=reason)))
