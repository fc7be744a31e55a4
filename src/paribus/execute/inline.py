"""The executor without workers: it carries out tasks in the calling process, one after another.

It serves for tests and debugging, for example with a breakpoint or a profiler in the training loop. Events,
artifacts and bits are those of `paribus.execute.processes`. It has two disadvantages: the allocator returns
freed memory to the system, so that steps are slower, and a crash of PyTorch ends the program. No trial is
ever `Lost`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Self

from paribus.execute.events import Event
from paribus.execute.executor import MakesExecutor, pass_on
from paribus.execute.task import Task
from paribus.execute.workers.arithmetic import present_arithmetic, settled, worker_arithmetic
from paribus.execute.workers.desk import Desk, open_desk
from paribus.execute.workers.serving import UnheardError, serve
from paribus.nn.native.library import build

__all__ = ["EXECUTOR", "Inline"]


class Inline:
    """An `Executor` that carries out tasks in the calling process.

    During a task this process has the settings of a worker: one thread, denormals flushed to zero, and the
    same C kernels. Between tasks, and while ``on_event`` runs, it has its previous settings.
    """

    def __init__(self, out: Path, *, jobs: int = 1, device: str = "cpu") -> None:  # noqa: ARG002
        """Compile the C kernels.

        Args:
            out: the study's output folder, for artifacts.
            jobs: ignored.
            device: ``cpu`` or ``cuda``.
        """
        self.out, self.device = out, device
        self.kernels = build()
        self._desk: Desk | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks for the user if the C kernels were recompiled or cannot be used."""
        return self.kernels.notes

    def __enter__(self) -> Self:
        """Return the executor."""
        return self

    def __exit__(self, *_: object) -> None:
        """Release the prepared data."""
        self._desk = None

    def run(self, tasks: Iterable[Task], on_event: Callable[[Event], None]) -> None:
        """Carry out all tasks one after another.

        Args:
            tasks: tasks, taken from the iterator one by one.
            on_event: function called with every event as it happens.

        Raises:
            ParibusError: an error that no trial caused, for example a full disk.
            BaseException: whatever ``on_event`` or ``tasks`` raises.
        """
        waiting = iter(tasks)
        while (task := next(waiting, None)) is not None:
            self._do(task, on_event)

    def _do(self, task: Task, on_event: Callable[[Event], None]) -> None:
        """Carry out one task; an exception of ``on_event`` does not count as an error of a trial."""
        callers = present_arithmetic()

        def tell(event: Event) -> None:
            with settled(callers):
                try:
                    pass_on(event, on_event, self.out)
                except Exception as error:
                    raise UnheardError(error) from error

        raised: BaseException | None = None
        with settled(worker_arithmetic(self.kernels)), _one_thread_of_numpy():
            if self._desk is None:
                self._desk = open_desk(self.out, self.device)
            try:
                serve(self._desk, task, tell)
            except UnheardError as unheard:
                raised = unheard.cause
        # Raised outside of the handler, so that the exception keeps its cause and context.
        if raised is not None:
            raise raised


def _one_thread_of_numpy() -> contextlib.AbstractContextManager[object]:
    """Return a context manager that limits NumPy's BLAS to one thread, as in a worker."""
    from threadpoolctl import threadpool_limits

    limits: contextlib.AbstractContextManager[object] = threadpool_limits(1, user_api="blas")
    return limits


EXECUTOR: MakesExecutor = Inline
