"""The contract of executors notices executors that break it."""

import contextlib
import time

import pytest

from paribus.execute.artifacts import drop_checkpoint, trial_folder
from paribus.execute.events import EpochEnded, Finished, Started
from paribus.execute.inline import Inline
from paribus.execute.task import Task
from paribus.records import TrialOutcome
from paribus.testing import executor
from paribus.testing.executor import ExecutorContract

pytestmark = pytest.mark.slow


class Greedy(Inline):
    """Asks for all tasks at once."""

    def run(self, tasks, on_event):
        super().run(list(tasks), on_event)


class Deaf(Inline):
    """Takes an error of its caller for an error of its own."""

    def run(self, tasks, on_event):
        def hear(event):
            with contextlib.suppress(Exception):
                on_event(event)

        super().run(tasks, hear)


class Hasty(Inline):
    """Removes checkpoints before the result is acknowledged."""

    def run(self, tasks, on_event):
        def hear(event):
            if isinstance(event, Finished):
                drop_checkpoint(trial_folder(self.out, event.identity))
            on_event(event)

        super().run(tasks, hear)


class Silent(Inline):
    """Does not tell of epochs."""

    def run(self, tasks, on_event):
        super().run(tasks, lambda e: None if isinstance(e, EpochEnded) else on_event(e))


class Forgetful(Inline):
    """Begins anew what was interrupted."""

    def run(self, tasks, on_event):
        def waiting():
            for task in tasks:
                for trial in task.trials:
                    drop_checkpoint(trial_folder(self.out, trial.identity))
                yield task

        super().run(waiting(), on_event)


class Persistent(Inline):
    """Does every task twice."""

    def run(self, tasks, on_event):
        super().run((task for one in tasks for task in (one, one)), on_event)


class Reordering(Inline):
    """Tells of a trial's begin too late."""

    def run(self, tasks, on_event):
        kept = []

        def hear(event):
            kept.append(event) if isinstance(event, Started) else on_event(event)

        super().run(tasks, hear)
        for event in kept:
            on_event(event)


class Splitting(Inline):
    """Trains a group one trial after another, which rounds otherwise."""

    def run(self, tasks, on_event):
        alone = (Task("fit", (t,), task.dataset) for task in tasks for t in task.trials)
        super().run(alone, on_event)


class Tardy(Inline):
    """Goes on for a while after Ctrl-C."""

    def run(self, tasks, on_event):
        try:
            super().run(tasks, on_event)
        except KeyboardInterrupt:
            time.sleep(1.0)
            raise


class Blaming(Inline):
    """Tells that the trial which Ctrl-C has met has failed."""

    def run(self, tasks, on_event):
        begun = []

        def hear(event):
            begun.append(event.identity)
            on_event(event)

        try:
            super().run(tasks, hear)
        except KeyboardInterrupt:
            on_event(Finished(begun[-1], TrialOutcome("failed", 0, 0.0, reason="interrupted")))
            raise


@pytest.mark.parametrize(
    ("kind", "noticed"),
    [
        (Greedy, "tasks_are_asked_for_when_there_is_room"),
        (Greedy, "a_task_can_be_put_back_after_there_was_none"),
        (Deaf, "what_a_caller_raises_comes_through_and_ends_everything"),
        (Hasty, "what_an_event_announces_is_on_disk"),
        (Silent, "events_of_a_trial_come_in_order"),
        (Forgetful, "a_trial_goes_on_where_it_was_interrupted"),
        (Persistent, "events_of_a_trial_come_in_order"),
        (Reordering, "events_of_a_trial_come_in_order"),
        (Tardy, "an_interrupt_in_the_middle_of_a_task_ends_it"),
        (Blaming, "an_interrupt_in_the_middle_of_a_task_ends_it"),
        (Splitting, "bits_are_those_of_another_executor"),
    ],
)
@pytest.mark.filterwarnings(  # Ctrl-C may meet an open file, which then is closed without a `with`
    "ignore::pytest.PytestUnraisableExceptionWarning"
)
def test_a_broken_executor_is_noticed(kind, noticed, tmp_path, monkeypatch):
    monkeypatch.setattr(executor, "PROMPT_SECONDS", 0.9 if kind is Tardy else 10.0)

    class Broken(ExecutorContract):
        def make(self, out, *, jobs):
            return kind(out, jobs=jobs)

    with pytest.raises(AssertionError):
        getattr(Broken(), f"test_{noticed}")(tmp_path)
