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
    """Does tasks and tells what happens; made by a `MakesExecutor`, used as a context manager.

    Which one does a task changes no bit of its result. `paribus.testing.executor.ExecutorContract` tests
    what follows.

    **Start and end.** Workers may start at ``__enter__``, before the first task. Between ``__enter__`` and
    ``__exit__``, `run` may be called any number of times. After ``__exit__`` nothing that the executor has
    started is left running, however the end came; it comes within two seconds where workers are processes.

    **Tasks.** `run` asks for a task when it has room for it, never much earlier: for no more at a time than
    it has workers, and one. It asks again after it was told that there is none, as long as a task is being
    done, and once more when the last of them has ended. So a caller may put a task back while it hears
    events.

    **Events.** ``on_event`` is called in the process and the thread that have called `run`, for one event at
    a time. Events of one trial come in order: `Started`, one `EpochEnded` per epoch (those before a
    checkpoint first), `Finished`; or `Tested`, `Explained` or `NotDone` alone. Those of different trials come
    in any order. Each trial of each task gets exactly one event that ends it: one of these, or a place in a
    `Lost`.

    **What is durable.** Before `Finished`, `Tested` or `Explained` comes, what it announces has been written
    into the output folder so that a power cut cannot undo it. When an `EpochEnded` comes, the checkpoint of
    the epoch before is durable. Checkpoints are removed when ``on_event`` has returned from the trial's
    `Finished`, not before, since only then the caller has kept the result.

    **Errors.** A trial that cannot be trained is `Finished` with the status ``failed`` and a reason, whatever
    was raised; one that was trained before and cannot be tested or explained is `NotDone`. Neither stops
    other trials. What no trial can help (a full disk, data that cannot be read, a GPU without memory) stops
    `run` with the package's error.

    **Loss.** When a worker dies, its task's trials that had not ended are told as one `Lost`, in the order of
    the task, after everything the worker had said. That says nothing about the trials, and nothing of them
    is kept but checkpoints. The executor replaces the worker and goes on. It never does a task again by
    itself: the caller decides whether to.

    **Interruption.** Ctrl-C reaches the calling process alone and raises `KeyboardInterrupt` in `run`, as
    anywhere else, also in the middle of a task: `run` waits neither for the task nor for its next event, and
    tells of no trial that it has failed or is lost. This is how a run is cancelled; a program that calls
    `run` in a thread to which signals do not come raises from ``on_event`` instead. An exception of
    ``on_event`` or of the tasks' iterator, of whatever class, leaves `run` as it was raised. After either,
    no more events come, and only ``__exit__`` may follow; what has been durable stays, and the same tasks
    given to a new executor go on from there.
    """

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know of how trials run here: words for the screen, often none."""

    def __enter__(self) -> Self:
        """Start.

        Raises:
            ParibusError: there is no room, or what is needed is not there.
        """

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        """End everything that was started; an exception is passed on."""

    def run(self, tasks: Iterable[Task], on_event: Callable[[Event], None]) -> None:
        """Do all tasks, and return when every trial of them has ended.

        Args:
            tasks: what to do, begun in this order.
            on_event: hears what happens.

        Raises:
            ParibusError: the run cannot go on.
            BaseException: whatever ``on_event`` or ``tasks`` raises.
        """


class MakesExecutor(Protocol):
    """A class of executors: what `paribus.execute.executors` finds by name."""

    def __call__(self, out: Path, *, jobs: int, device: str = "cpu") -> Executor:
        """Make an executor that has not started.

        Args:
            out: the study's output folder, for artifacts.
            jobs: number of workers, at least 1; an executor without workers has no use for it.
            device: ``cpu`` or ``cuda``.
        """


def pass_on(event: Event, on_event: Callable[[Event], None], out: Path) -> None:
    """Pass an event of a worker on to the caller, as the contract says.

    Args:
        event: what a worker has told.
        on_event: of the caller.
        out: the study's output folder.

    Raises:
        ParibusError: the event says that the run cannot go on.
    """
    if isinstance(event, Fatal):
        raise event.error()
    if isinstance(event, Ready):
        return
    on_event(event)
    if isinstance(event, Finished):  # only now is the result acknowledged
        drop_checkpoint(trial_folder(out, event.identity))
