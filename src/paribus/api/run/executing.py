"""Execution of tasks by workers: their order, storage of the events, and retries of lost tasks."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from paribus.api.run.progress import Progress
from paribus.api.run.session import Session, now
from paribus.api.run.trained import sentence_of_unreadable, unreadable_trials
from paribus.execute.events import (
    EpochEnded,
    Event,
    Explained,
    Fatal,
    Finished,
    Lost,
    NotDone,
    Ready,
    Started,
    Tested,
)
from paribus.execute.grouping import fit_tasks
from paribus.execute.jobs import default_jobs
from paribus.execute.task import Task
from paribus.records import Look, Trial

__all__ = ["execute", "fit"]

TRIES = 2
"""Number of attempts at a task in one run if its worker dies.

The trials of a lost group get one more attempt, each alone, since one of them may have killed the worker.
"""


@dataclass
class _Backlog:
    """Queue of tasks that wait for a worker; a lost task is put back at the front."""

    waiting: deque[Task]
    lost: dict[str, int] = field(default_factory=dict)
    """Trial identity -> number of workers that died while they trained it."""

    def __iter__(self) -> Iterator[Task]:
        """Return itself; tasks can be put back after the iterator was exhausted."""
        return self

    def __next__(self) -> Task:
        if not self.waiting:
            raise StopIteration
        return self.waiting.popleft()

    def put_back(self, task: Task, event: Lost) -> list[Trial]:
        """Put the rest of a lost task back; return the trials that are given up for this run."""
        left = [trial for trial in task.trials if trial.identity in event.identities]
        for trial in left:
            self.lost[trial.identity] = self.lost.get(trial.identity, 0) + 1
        lost, most = self.lost, TRIES + (len(task.trials) > 1)
        again = tuple(trial for trial in left if lost[trial.identity] < TRIES)
        alone = [trial for trial in left if TRIES <= lost[trial.identity] < most]
        tasks = [replace(task, trials=trials) for trials in (again, *((t,) for t in alone))]
        self.waiting.extendleft(task for task in reversed(tasks) if task.trials)
        return [trial for trial in left if lost[trial.identity] >= most]


def fit(session: Session, trials: Sequence[Trial], phase: str) -> None:
    """Train the trials that are not done, or whose files cannot be read.

    Trials are trained seed by seed, so that an interrupted run has complete pairs; within a seed
    the longest trial is first, so that no worker is idle at the end.

    Args:
        session: session of the run.
        trials: trials to train.
        phase: name of the phase, passed to observers.
    """
    wanted = {trial.identity for trial in trials}
    known = session.store.trials(curves=False)
    stored = [item for item in known if item.identity in wanted]
    unreadable = unreadable_trials(session.out, stored)
    if unreadable:
        session.tell(Progress(sentence_of_unreadable(unreadable)))
    done = {item.identity for item in stored if item.status == "done"}
    done -= {item.identity for item, _ in unreadable}
    missing = [trial for trial in trials if trial.identity not in done]
    epochs = sum(trial.variant.train["epochs"] for trial in trials)
    left = sum(trial.variant.train["epochs"] for trial in missing)
    session.tell(Progress(phase, epochs, epochs - left, len(trials), len(trials) - len(missing)))
    place = {seed: index for index, seed in enumerate(session.plan.seeds)}
    costs = session.planned.costs
    missing.sort(key=lambda trial: (place[trial.seed], -costs[trial.variant.name].seconds))
    execute(session, fit_tasks(missing, session.group_size, session.dataset))


def execute(
    session: Session, tasks: Sequence[Task], on_failure: Callable[[Trial, str], None] | None = None
) -> None:
    """Run tasks, store the events of the workers, and repeat tasks whose worker died.

    A trial that is lost twice stays missing; the next run tries it again.

    Args:
        session: session of the run.
        tasks: tasks to run.
        on_failure: called with the trial and the reason if it cannot be tested or explained.
    """
    if not tasks:
        return
    backlog = _Backlog(deque(tasks))
    listener = _Listener(
        session, backlog, {t.identity: task for task in tasks for t in task.trials}
    )
    listener.on_failure = on_failure or listener.say
    if session.executor is not None:
        session.executor.run(backlog, listener.hear)
        return
    jobs = session.options.jobs or default_jobs(session.options.device)
    with session.make_executor(min(jobs, len(tasks))) as executor:
        executor.run(backlog, listener.hear)


@dataclass
class _Listener:
    """Writes the events of workers to the store."""

    session: Session
    backlog: _Backlog
    tasks: Mapping[str, Task]
    """Trial identity -> the task that contains the trial."""
    epochs: dict[str, int] = field(default_factory=dict)
    """Trial identity -> number of epochs that were counted as done."""
    on_failure: Callable[[Trial, str], None] = lambda _trial, _reason: None

    def trial(self, identity: str) -> Trial:
        """Return the trial with an identity."""
        return next(t for t in self.tasks[identity].trials if t.identity == identity)

    def hear(self, event: Event) -> None:
        """Write one event to the store, and report progress."""
        session = self.session
        match event:
            case Started():
                session.store.begin_attempt(event.identity, event.environment)
            case EpochEnded():
                session.store.record_epoch(event.identity, event.record)
                self._count(event)
            case Finished():
                session.store.finish(event.identity, event.outcome)
                remaining = self._remaining(event.identity)
                failed = event.outcome.status == "failed"
                session.tell(session.progress.with_end(failed=failed, remaining=remaining))
            case Tested():
                look = _look(session, self.trial(event.identity))
                session.store.record_test(event.metrics, look, event.inputs)
            case NotDone():
                self.on_failure(self.trial(event.identity), event.reason)
            case Lost():
                self._lose(event)
            case Explained() | Fatal() | Ready():
                pass

    def say(self, trial: Trial, reason: str) -> None:
        """Report that a trial could not be tested."""
        text = f"{trial.variant.name}, seed {trial.seed} could not be tested: {reason}"
        self.session.tell(Progress(text))

    def _count(self, event: EpochEnded) -> None:
        """Count an epoch as done once, even if a resumed trial reports it again."""
        news = _news(self.trial(event.identity), event)
        session = self.session
        if event.record.epoch <= self.epochs.get(event.identity, 0):
            session.tell(replace(session.progress, text=news))
            return
        self.epochs[event.identity] = event.record.epoch
        session.tell(session.progress.with_epoch(self.trial(event.identity), news))

    def _remaining(self, identity: str) -> int:
        planned: int = self.trial(identity).variant.train["epochs"]
        return max(0, planned - self.epochs.get(identity, 0))

    def _lose(self, event: Lost) -> None:
        task = self.tasks[event.identities[0]]
        for trial in self.backlog.put_back(task, event):
            reason = f"{event.reason}, {self.backlog.lost[trial.identity]} times"
            if task.trains:
                self.session.store.lose(trial.identity, reason)
                name = f"{trial.variant.name}, seed {trial.seed}"
                text = f"{name} is missing: {reason}"
                progress = self.session.progress.with_loss(self._remaining(trial.identity))
                self.session.tell(replace(progress, text=text))
            else:
                self.on_failure(trial, reason)


def _news(trial: Trial, event: EpochEnded) -> str:
    metrics: Mapping[str, float] = event.record.metrics
    accuracy = metrics.get("val_accuracy", metrics["accuracy"])
    return f"{trial.variant.name}, seed {trial.seed}, epoch {event.record.epoch}: {accuracy:.1%}"


def _look(session: Session, trial: Trial) -> Look:
    purpose = f"final score of the variant selected by {session.plan.select.by}"
    if session.plan.select.test == "all":
        purpose = f"final score of every variant, after selection by {session.plan.select.by}"
    return Look(trial.identity, trial.variant.name, trial.seed, purpose, now())
