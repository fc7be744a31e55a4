"""Worker processes: spawned, one thread each, fed one task at a time.

The parent alone hears events and decides; a worker that dies gives a failed outcome for its task
and is replaced.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from ceteris import errors
from ceteris.execute.artifacts import drop_checkpoint, trial_folder
from ceteris.execute.events import Event, Fatal, Finished, Task, Tested
from ceteris.execute.worker import work
from ceteris.nn.native.library import Built, build
from ceteris.records import TrialOutcome

__all__ = ["WORKER_ENVIRONMENT", "run_tasks"]

WORKER_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # glibc hands freed memory back to the kernel at once, so each step pays for page faults.
    "MALLOC_MMAP_THRESHOLD_": "1073741824",
    "MALLOC_TRIM_THRESHOLD_": "4294967296",
    "MALLOC_TOP_PAD_": "67108864",
    "MALLOC_ARENA_MAX": "1",
    # Large buffers on 2 MB pages; what a system does not know it ignores.
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    "THP_MEM_ALLOC_ENABLE": "1",
}


@dataclass
class _Worker:
    process: BaseProcess
    connection: Connection
    task: Task | None = None


def run_tasks(
    tasks: Sequence[Task],
    *,
    out: Path,
    datasets: Mapping[str, Path],
    jobs: int,
    on_event: Callable[[Event], None],
    device: str = "cpu",
) -> None:
    """Run all tasks, each in some worker, in the given order as workers become free.

    Args:
        tasks: what to do.
        out: the study's output folder, for artifacts.
        datasets: key -> folder of an exported data set.
        jobs: number of workers.
        on_event: called in this process, in the order of arrival.
        device: ``cpu`` or ``cuda``.

    Raises:
        CeterisError: a worker met a full disk or the like; all workers are ended first.
        KeyboardInterrupt: passed on after all workers are ended.
    """
    waiting = list(reversed(tasks))
    context = _Context(out, dict(datasets), device, build())
    workers: list[_Worker] = []
    try:
        for _ in range(min(jobs, len(tasks))):
            workers.append(context.spawn())
        for worker in workers:
            _feed(worker, waiting)
        while any(worker.task for worker in workers):
            for worker in _ready(workers):
                if not _hear(worker, on_event, out):
                    _bury(worker, on_event)
                    workers.remove(worker)
                    worker = context.spawn()
                    workers.append(worker)
                if worker.task is None:
                    _feed(worker, waiting)
    finally:
        for worker in workers:
            worker.process.kill()
            worker.connection.close()
        for worker in workers:
            worker.process.join()


@dataclass(frozen=True)
class _Context:
    out: Path
    datasets: dict[str, Path]
    device: str
    kernels: Built

    def spawn(self) -> _Worker:
        """Start a worker with its own environment, deaf to Ctrl-C."""
        spawning = multiprocessing.get_context("spawn")
        own, theirs = spawning.Pipe()
        arguments = (theirs, self.out, self.datasets, self.device, self.kernels)
        process = spawning.Process(target=work, args=arguments, daemon=True)
        with _environment(WORKER_ENVIRONMENT), _interrupts_blocked(), _main_hidden():
            process.start()
        theirs.close()
        return _Worker(process, own)


def _feed(worker: _Worker, waiting: list[Task]) -> None:
    if waiting:
        worker.task = waiting.pop()
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
            if isinstance(event, Finished | Tested):
                worker.task = None
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
        on_event(
            Finished(worker.task.trial.identity, TrialOutcome("failed", 0, 0.0, reason=reason))
        )


@contextlib.contextmanager
def _environment(settings: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _main_hidden() -> Iterator[None]:
    """Keep workers from importing the caller's script, which would run the study again in each."""
    main = sys.modules["__main__"]
    spec, file = main.__spec__, getattr(main, "__file__", None)
    main.__spec__ = None
    if file is not None:
        del main.__file__
    try:
        yield
    finally:
        main.__spec__ = spec
        if file is not None:
            main.__file__ = file


@contextlib.contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Start children with SIGINT blocked, which they inherit; ours stays pending meanwhile."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
