"""Carries out one task by the handler of its kind, and turns the handler's exceptions into events.

All executors call `serve`, so that the same exception always leads to the same event.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

from paribus.errors import ParibusError, Problem
from paribus.execute.devices import no_gpu
from paribus.execute.events import Event, Fatal, Finished, NotDone, Tell, fatal
from paribus.execute.task import Kind, Task
from paribus.execute.tasks import explain, fit, fit_group, test
from paribus.execute.workers.desk import Desk
from paribus.records import TrialOutcome

__all__ = ["HANDLERS", "UnheardError", "serve"]

Handler = Callable[[Desk, Task, Tell], None]

HANDLERS: Mapping[Kind, Handler] = {
    "fit": fit.run,
    "fit_group": fit_group.run,
    "test": test.run,
    "explain": explain.run,
}


class UnheardError(BaseException):
    """An event could not be delivered: the task ends at once, and none of its trials counts as failed.

    It does not inherit from `Exception`, so that no handler takes it for an error of a trial.
    """

    def __init__(self, cause: BaseException) -> None:
        """Store the cause.

        Args:
            cause: exception that was raised while the event was delivered.
        """
        super().__init__(str(cause))
        self.cause = cause


def serve(desk: Desk, task: Task, tell: Tell) -> None:
    """Carry out one task and report all events, including those of errors.

    Afterwards each trial of the task has ended by `Finished`, `Tested`, `Explained` or `NotDone`, unless
    `Fatal` was reported.

    Args:
        desk: state of the process that carries out the task.
        task: task to carry out.
        tell: called with every event. It ends the task by raising `UnheardError`; any other exception
            (for example, an event cannot be pickled) counts as an error of the task.

    Raises:
        UnheardError: raised by ``tell``.
        KeyboardInterrupt: durable files stay.
    """
    unfinished = {trial.identity for trial in task.trials}

    def listening(event: Event) -> None:
        tell(event)
        if isinstance(event, Finished):
            unfinished.discard(event.identity)

    try:
        _check_device(desk.device)
        desk.make_room(task)
        HANDLERS[task.kind](desk, task, listening)
    except Exception as error:  # noqa: BLE001 - a trial that cannot run is data
        said = _said_of(task, error)
        if isinstance(said, Fatal):
            tell(said)
            return
        for trial in task.trials:
            if trial.identity in unfinished:
                tell(_not_done(task, trial.identity, said))


def _not_done(task: Task, identity: str, reason: str) -> Event:
    """Return the final event of a trial after an error; a trained trial keeps its results (`NotDone`)."""
    if task.trains:
        return Finished(identity, TrialOutcome("failed", 0, 0.0, reason=reason))
    return NotDone(identity, reason)


def _said_of(task: Task, error: Exception) -> Fatal | str:
    """Return `Fatal` if an error ends the run, else the reason why the task failed."""
    if _is_full(error):
        return _too_large(task, error)
    if isinstance(error, ParibusError):
        return fatal(error) or str(error)
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(last.filename).name}:{last.lineno})"


def _check_device(device: str) -> None:
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        raise no_gpu(torch.__version__)


def _is_full(error: Exception) -> bool:
    """Return whether an error of PyTorch or of a CUDA library means that GPU memory is exhausted."""
    import torch

    if isinstance(error, torch.OutOfMemoryError):
        return True
    said = str(error)
    return isinstance(error, RuntimeError) and (
        "ALLOC_FAILED" in said or "CUDA error: out of memory" in said
    )


def _too_large(task: Task, error: Exception) -> Fatal:
    """Return the event that GPU memory does not suffice, which ends the run and fails no trial."""
    trial, size = task.trials[0], task.group_size
    what = f"a trial of variant {trial.variant.name!r}"
    smaller = "--device cpu"
    if size > 1:
        what = f"a group of {size} trials, such as {trial.variant.name!r}"
        smaller = f"a smaller --group-size, such as {size // 2}"
    problem = Problem(
        "--group-size" if size > 1 else "--device",
        f"{what}, and what else is on the GPU, must fit its memory",
        repr(str(error).partition("\n")[0].partition(". ")[0].rstrip(".")),
        f"Use {smaller}; fewer --jobs leave each more room. What has ended is kept.",
    )
    return Fatal("StudyError", (problem,), "")
