"""The protocol of executors, which carry out tasks in other processes, in this one, or elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from paribus.execute.artifacts import drop_checkpoint, trial_folder
from paribus.execute.events import Event, Fatal, Finished, Ready
from paribus.execute.task import Task

__all__ = ["Executor", "MakesExecutor", "pass_on"]


class Executor(Protocol):
    """Carries out tasks and reports events. A `MakesExecutor` makes it; it is used as a context manager.

    All executors produce bit-identical results. `paribus.testing.executor.ExecutorContract` tests the
    following promises.

    **Start and end.** Workers may start at ``__enter__``, before the first task. Between ``__enter__`` and
    ``__exit__``, `run` may be called any number of times. After ``__exit__``, whether normal
    or by an exception, no process or thread of the executor is left running; worker processes end within
    two seconds.

    **Tasks.** `run` takes tasks from the iterator lazily: at most one more than it has workers are taken and
    not ended. When the iterator is exhausted, `run` calls ``next`` again as long as a task is running, and
    once more when the last task has ended. So ``on_event`` may add tasks, for example to repeat a lost one.

    **Events.** ``on_event`` is called in the process and the thread that called `run`, for one event at a
    time. The events of a trial that is trained come in the order `Started`, one `EpochEnded` per epoch
    (epochs before a checkpoint are reported again), `Finished`. Other tasks report only `Tested`, `Explained`
    or `NotDone`. Events of different trials may be interleaved. Each trial of each task gets exactly one
    final event: `Finished`, `Tested`, `Explained`, `NotDone`, or a `Lost` that contains its identity.

    **What is durable.** Before `Finished`, `Tested` or `Explained` is reported, the files that it announces are
    in the output folder and survive a power cut. When an `EpochEnded` is reported, the checkpoint of the
    epoch before it is durable. A trial's checkpoint is removed after ``on_event`` has returned from its
    `Finished`, because only then the caller has stored the result.

    **Errors.** If training raises any exception, the trial is `Finished` with the status ``failed`` and a
    reason; if testing or explaining a trained trial raises, it is `NotDone`. Neither stops other trials.
    Errors that are not caused by a trial (a full disk, data that cannot be read, a GPU without free memory)
    are raised by `run` as errors of this package.

    **Loss.** When a worker dies, the trials of its task that have not ended are reported as one `Lost`, in the
    order of the task, after all events that the worker sent. They do not count as failed, and only their
    checkpoints are kept. The executor replaces the worker and continues. It never repeats a task by itself;
    the caller decides whether to.

    **Interruption.** Ctrl-C reaches only the calling process and raises `KeyboardInterrupt` in `run`, even in the
    middle of a task: `run` does not wait for the task or for its next event, and reports no trial as failed
    or lost. This is how a run is cancelled; a program that calls `run` in a thread that receives no signals
    raises from ``on_event`` instead. Any exception of ``on_event`` or of the tasks' iterator is raised by
    `run` unchanged. After an interruption or such an exception no more events are reported, and only
    ``__exit__`` may be called; durable files stay, and a new executor continues the same tasks from them.
    """

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks for the user about how trials run on this machine, often none."""

    def __enter__(self) -> Self:
        """Start the executor and return it.

        Raises:
            ParibusError: the executor cannot start, for example because it lacks memory or a device.
        """

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        """End all workers; an exception from the block is passed on."""

    def run(self, tasks: Iterable[Task], on_event: Callable[[Event], None]) -> None:
        """Carry out all tasks, and return when all of their trials have ended.

        Args:
            tasks: tasks, which are begun in this order.
            on_event: function called with every event.

        Raises:
            ParibusError: the run cannot go on.
            BaseException: whatever ``on_event`` or ``tasks`` raises.
        """


class MakesExecutor(Protocol):
    """A class of executors, which `paribus.execute.executors` finds by name."""

    def __call__(self, out: Path, *, jobs: int, device: str = "cpu") -> Executor:
        """Construct an executor that has not started.

        Args:
            out: the study's output folder, for artifacts.
            jobs: number of workers, at least 1; executors without workers ignore it.
            device: ``cpu`` or ``cuda``.
        """


def pass_on(event: Event, on_event: Callable[[Event], None], out: Path) -> None:
    """Pass an event of a worker to the caller's ``on_event``; raise the error of a `Fatal`.

    `Ready` is not passed on. After `Finished` the trial's checkpoint is removed.

    Args:
        event: event that a worker sent.
        on_event: the caller's function.
        out: the study's output folder.

    Raises:
        ParibusError: the event says that the run cannot go on.
    """
    if isinstance(event, Fatal):
        raise event.error()
    if isinstance(event, Ready):
        return
    on_event(event)
    if isinstance(event, Finished):  # the caller has stored the result
        drop_checkpoint(trial_folder(out, event.identity))
