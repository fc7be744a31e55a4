"""Serving one task: its kind names the handler, and what the handler raises becomes data.

Every executor serves its tasks by `serve`, wherever that runs, so that errors mean the same everywhere.
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
    """What was said reached nobody: the task ends at once, and that says nothing about its trials.

    It is no `Exception`, so that nothing between takes it for an error of the trial.
    """

    def __init__(self, cause: BaseException) -> None:
        """Keep why.

        Args:
            cause: what telling has raised.
        """
        super().__init__(str(cause))
        self.cause = cause


def serve(desk: Desk, task: Task, tell: Tell) -> None:
    """Do one task and tell everything that happens, errors too.

    Each trial of the task has ended after this (`Finished`, `Tested`, `Explained`, `NotDone`), unless
    `Fatal` was told.

    Args:
        desk: of whoever serves.
        task: to do.
        tell: hears events. To end the task it raises `UnheardError`; any other exception that it raises
            (an event cannot be pickled, say) counts as the task's own.

    Raises:
        UnheardError: passed on.
        KeyboardInterrupt: passed on; what is durable stays.
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
    """Return what a trial's error means: what it was trained to before stays."""
    if task.trains:
        return Finished(identity, TrialOutcome("failed", 0, 0.0, reason=reason))
    return NotDone(identity, reason)


def _said_of(task: Task, error: Exception) -> Fatal | str:
    """Return what ends the run, or why the task failed."""
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
    """Whether a GPU has no memory left, by PyTorch's own error or by one of CUDA's libraries."""
    import torch

    if isinstance(error, torch.OutOfMemoryError):
        return True
    said = str(error)
    return isinstance(error, RuntimeError) and (
        "ALLOC_FAILED" in said or "CUDA error: out of memory" in said
    )


def _too_large(task: Task, error: Exception) -> Fatal:
    """Say that a GPU is too small: a fact about the machine, not a result of the trials."""
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
