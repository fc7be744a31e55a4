"""The executor without workers: tasks are done in this very process, one after another.

For tests and debugging, where a breakpoint or a profile in the training loop is wanted: events, artifacts
and bits are those of `paribus.execute.processes`. Two things it cannot give: freed memory goes back to the
system, so that steps are slower, and a crash of PyTorch ends the program. No trial is ever `Lost`.
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
    """An `Executor` that has this process do everything.

    While a task is done, this process computes as a worker does: on one thread, without denormals, with the
    kernels that a worker would use. Between tasks, and whenever the caller hears an event, it computes as
    before.
    """

    def __init__(self, out: Path, *, jobs: int = 1, device: str = "cpu") -> None:  # noqa: ARG002
        """Compile the kernels.

        Args:
            out: the study's output folder, for artifacts.
            jobs: of no use here.
            device: ``cpu`` or ``cuda``.
        """
        self.out, self.device = out, device
        self.kernels = build()
        self._desk: Desk | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """Why the C kernels were compiled anew or cannot be used, if that was not asked for."""
        return self.kernels.notes

    def __enter__(self) -> Self:
        """Return the executor."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the data."""
        self._desk = None

    def run(self, tasks: Iterable[Task], on_event: Callable[[Event], None]) -> None:
        """Do all tasks, each when the one before has ended.

        Args:
            tasks: what to do.
            on_event: hears what happens, while it happens.

        Raises:
            ParibusError: a task met a full disk or the like.
            BaseException: whatever ``on_event`` or ``tasks`` raises.
        """
        waiting = iter(tasks)
        while (task := next(waiting, None)) is not None:
            self._do(task, on_event)

    def _do(self, task: Task, on_event: Callable[[Event], None]) -> None:
        """Do one task; what the caller raises on hearing of it is no error of a trial."""
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
        if raised is not None:  # outside, so that it keeps its own cause and context
            raise raised


def _one_thread_of_numpy() -> contextlib.AbstractContextManager[object]:
    """Hold NumPy's matrix products to one thread, as a worker's environment does."""
    from threadpoolctl import threadpool_limits

    limits: contextlib.AbstractContextManager[object] = threadpool_limits(1, user_api="blas")
    return limits


EXECUTOR: MakesExecutor = Inline
