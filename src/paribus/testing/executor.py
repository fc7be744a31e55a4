"""Contract tests of executors; `paribus.execute.executor.Executor` describes the contract."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from paribus.errors import StoreError
from paribus.execute import artifacts
from paribus.execute.events import (
    EpochEnded,
    Event,
    Explained,
    Fatal,
    Finished,
    Lost,
    NotDone,
    Started,
    Tested,
)
from paribus.execute.executor import Executor
from paribus.execute.inline import Inline
from paribus.execute.task import Task
from paribus.testing.hearing import (
    Backlog,
    Heard,
    Interrupt,
    StopError,
    bytes_of,
    hear,
    identities_of,
    numbers_of,
    outcome_of,
)
from paribus.testing.small_study import broken, grouped, small_tasks

__all__ = ["ExecutorContract"]

GRACE_SECONDS = 2.0
"""Longest time until all workers have ended after ``__exit__``."""
MANY_EPOCHS = 20_000
"""Number of epochs with which the small study trains for minutes."""
PROMPT_SECONDS = 10.0
"""Longest time from an interrupt to the end of `run`, on a busy machine."""


class ExecutorContract:
    """Contract tests of an executor. A subclass defines `make`.

    Example::

        class TestMine(ExecutorContract):
            def make(self, out, *, jobs):
                return Mine(out, jobs=jobs)

    The subclass of an executor with workers sets `has_workers`, and defines `living_workers` and
    `end_a_worker`.
    """

    has_workers: bool = False
    """Whether the executor has workers that can die while the caller lives."""

    def make(self, out: Path, *, jobs: int) -> Executor:
        """Return the executor under test, which has not started.

        Args:
            out: output folder.
            jobs: number of workers.
        """
        raise NotImplementedError

    def make_other(self, out: Path) -> Executor:
        """Return an executor of another kind, whose results must be bit-identical.

        Args:
            out: output folder.
        """
        return Inline(out)

    def living_workers(self) -> int:
        """Return the number of living workers of this executor."""
        return 0

    def end_a_worker(self) -> None:
        """Kill the only worker, as the system does when memory is exhausted."""
        raise NotImplementedError

    def test_events_of_a_trial_come_in_order(self, tmp_path: Path) -> None:
        """Each trial reports its start, each epoch and its end once; events contain no arrays."""
        tasks = small_tasks(tmp_path / "data")
        heard = self._heard(tmp_path / "out", tasks)
        assert set(heard) == identities_of(tasks), (
            "every trial of every task is told of, and no other"
        )
        for events in heard.values():
            kinds = [type(event) for event in events]
            assert kinds == [Started, EpochEnded, EpochEnded, Finished], kinds
            epochs = [event.record.epoch for event in events if isinstance(event, EpochEnded)]
            assert epochs == [1, 2], epochs
            outcome = outcome_of(events)
            assert (outcome.status, outcome.epochs) == ("done", 2), outcome
            assert not outcome.weights, "arrays stay on disk"
            assert not outcome.predictions, "arrays stay on disk"

    def test_tasks_begin_in_the_order_given(self, tmp_path: Path) -> None:
        """With one worker, trials begin in the order of their tasks."""
        tasks = small_tasks(tmp_path / "data")
        tasks.reverse()
        begun: list[str] = []

        def listen(event: Event) -> None:
            if isinstance(event, Started):
                begun.append(event.identity)

        self._run(tmp_path / "out", tasks, listen, jobs=1)
        assert begun == [task.trials[0].identity for task in tasks]

    def test_what_an_event_announces_is_on_disk(self, tmp_path: Path) -> None:
        """Artifacts are complete when announced; a checkpoint stays until ``on_event`` has returned."""
        tasks, out = small_tasks(tmp_path / "data")[:2], tmp_path / "out"
        looked: list[type[Event]] = []

        def look(event: Event) -> None:
            looked.append(type(event))
            if isinstance(event, Finished):
                folder = artifacts.trial_folder(out, event.identity)
                assert artifacts.unreadable(folder, ("validation",)) is None
                assert artifacts.read_checkpoint(folder) is not None, "dropped before it was heard"
            if isinstance(event, Tested):
                folder = artifacts.trial_folder(out, event.identity)
                assert artifacts.unreadable(folder, ("validation", "test")) is None
            if isinstance(event, Explained):
                assert (out / "artifacts" / "insight.safetensors").exists()

        (first, second) = tasks
        with self.make(out, jobs=2) as executor:
            executor.run(tasks, look)
            executor.run([Task("test", first.trials, first.dataset)], look)
            executor.run([Task("explain", second.trials, second.dataset)], look)
        assert looked.count(Finished) == 2, looked
        assert looked[-2:] == [Tested, Explained], looked
        for trial in (*first.trials, *second.trials):
            assert artifacts.read_checkpoint(artifacts.trial_folder(out, trial.identity)) is None
        assert not list(out.rglob("*.partial"))

    def test_bits_are_those_of_another_executor(self, tmp_path: Path) -> None:
        """One worker, two workers and another kind of executor give equal artifacts and equal events."""
        tasks = small_tasks(tmp_path / "data")
        *alone, third, fourth = tasks
        tasks = [*alone, grouped([third, fourth], 3)]
        with self.make_other(tmp_path / "other") as executor:
            expected = hear(executor, tasks)
        for jobs in (1, 2):
            out = tmp_path / f"{jobs}"
            heard = self._heard(out, tasks, jobs=jobs)
            assert numbers_of(heard) == numbers_of(expected), f"other numbers with {jobs} workers"
            assert bytes_of(out) == bytes_of(tmp_path / "other"), f"other bytes with {jobs} workers"

    def test_a_trial_goes_on_where_it_was_interrupted(self, tmp_path: Path) -> None:
        """A new executor continues from the last checkpoint, with bit-identical results."""
        tasks = small_tasks(tmp_path / "data", epochs=3)[:2]
        whole, out = tmp_path / "whole", tmp_path / "out"
        self._run(whole, tasks)

        def stop(event: Event) -> None:
            if isinstance(event, EpochEnded) and event.record.epoch == 2:
                raise StopError

        assert isinstance(self._raised(out, tasks, stop), StopError)
        heard = self._heard(out, tasks)
        begun = [
            event for events in heard.values() for event in events if isinstance(event, Started)
        ]
        assert max(event.resumed_epochs for event in begun) >= 1, "it began anew"
        for events in heard.values():
            epochs = [event.record.epoch for event in events if isinstance(event, EpochEnded)]
            assert epochs == [1, 2, 3], "epochs before the checkpoint are told again"
        assert bytes_of(out) == bytes_of(whole)

    def test_a_failing_trial_is_data_and_stops_no_other(self, tmp_path: Path) -> None:
        """An unknown exception that cannot be pickled becomes the reason of a failed trial."""
        first, second, third, _ = small_tasks(tmp_path / "data")
        tasks = [first, broken(second), third]
        heard = self._heard(tmp_path / "out", tasks, jobs=1)
        outcomes = {identity: outcome_of(events) for identity, events in heard.items()}
        failed = outcomes.pop(second.trials[0].identity)
        assert failed.status == "failed", failed
        assert "the settings cannot be read" in (failed.reason or ""), failed.reason
        assert {outcome.status for outcome in outcomes.values()} == {"done"}
        assert set(outcomes) == identities_of([first, third])

    def test_what_cannot_be_looked_at_is_not_done(self, tmp_path: Path) -> None:
        """A trial without artifacts cannot be tested or explained: `NotDone`, not failed."""
        first, second, *_ = small_tasks(tmp_path / "data")
        tasks = [
            Task("test", first.trials, first.dataset),
            Task("explain", second.trials, second.dataset),
        ]
        heard = self._heard(tmp_path / "out", tasks)
        explained = heard.pop(second.trials[0].identity)
        assert [type(event) for event in explained] == [Explained], (
            "without predictions, nothing to do"
        )
        ((event,),) = heard.values()
        assert isinstance(event, NotDone), event
        assert event.reason

    def test_a_disk_that_takes_nothing_stops_the_run(self, tmp_path: Path) -> None:
        """An error that no trial caused is raised by `run`, and fails no trial."""
        tasks, out = small_tasks(tmp_path / "data"), tmp_path / "out"
        out.mkdir()
        (out / "artifacts").write_text("a file where a folder must be", encoding="utf-8")
        events: list[Event] = []
        error = self._raised(out, tasks, events.append)
        assert isinstance(error, StoreError), repr(error)
        assert "must be writable" in str(error), str(error)
        assert not [event for event in events if isinstance(event, Finished | Fatal)]
        self._assert_nothing_is_left()

    def test_tasks_are_asked_for_when_there_is_room(self, tmp_path: Path) -> None:
        """At most one more task than there are workers is taken in advance."""
        tasks, jobs = small_tasks(tmp_path / "data"), 1
        ended: set[str] = set()

        def waiting() -> Iterator[Task]:
            for number, task in enumerate(tasks):
                assert number - len(ended) <= jobs, "a task was asked for too early"
                yield task

        def listen(event: Event) -> None:
            if isinstance(event, Finished):
                ended.add(event.identity)

        self._run(tmp_path / "out", waiting(), listen, jobs=jobs)
        assert ended == identities_of(tasks)

    def test_a_task_can_be_put_back_after_there_was_none(self, tmp_path: Path) -> None:
        """The caller may add tasks while the last one runs; the iterator is asked again."""
        first, second, *_ = small_tasks(tmp_path / "data")
        backlog = Backlog([first])

        def listen(event: Event) -> None:
            if isinstance(event, Finished) and event.identity == first.trials[0].identity:
                backlog.waiting.append(second)

        heard = self._heard(tmp_path / "out", backlog, listen=listen)
        assert set(heard) == identities_of([first, second])

    def test_what_a_caller_raises_comes_through_and_ends_everything(self, tmp_path: Path) -> None:
        """An exception of ``on_event`` is raised by `run` unchanged, and no event follows it."""
        tasks = small_tasks(tmp_path / "data", epochs=30)
        raised = (
            StopError("odd"),
            BrokenPipeError("nobody reads"),
            EOFError(),
            KeyboardInterrupt(),
        )
        for number, error in enumerate(raised):
            told: list[Event] = []

            def stop(event: Event, error: BaseException = error, told: list[Event] = told) -> None:
                told.append(event)
                if isinstance(event, EpochEnded):
                    raise error

            found = self._raised(tmp_path / f"{number}", tasks, stop)
            assert found is error, repr(found)
            assert error.__cause__ is None, "it is nobody's consequence"
            assert isinstance(told[-1], EpochEnded), "an event came after the end"
            self._assert_nothing_is_left()

    def test_an_interrupt_in_the_middle_of_a_task_ends_it(self, tmp_path: Path) -> None:
        """Ctrl-C between two events ends `run` at once, fails no trial, and leaves no worker running."""
        for number, size in enumerate((1, 2)):
            tasks = small_tasks(tmp_path / "data", epochs=MANY_EPOCHS)[:2]
            tasks = tasks if size == 1 else [grouped(tasks, size)]
            told: list[Event] = []
            interrupt = Interrupt(after_seconds=0.2)

            def listen(
                event: Event, told: list[Event] = told, interrupt: Interrupt = interrupt
            ) -> None:
                told.append(event)
                late = time.monotonic() - interrupt.sent_at
                if late > PROMPT_SECONDS or not isinstance(event, Started | EpochEnded):
                    raise StopError
                interrupt.send_once()

            with interrupt:
                found = self._raised(tmp_path / f"{number}", tasks, listen)
                late = time.monotonic() - interrupt.sent_at
            assert isinstance(found, KeyboardInterrupt), repr(found)
            assert late < PROMPT_SECONDS, f"it took {late:.1f} s"
            assert {type(event) for event in told} == {Started, EpochEnded}, told[-1]
            self._assert_nothing_is_left()

    def test_what_the_tasks_raise_comes_through(self, tmp_path: Path) -> None:
        """An exception of the tasks' iterator does not count as an error of a trial."""
        tasks, error = small_tasks(tmp_path / "data"), StopError("no more")

        def waiting() -> Iterator[Task]:
            yield tasks[0]
            raise error

        assert self._raised(tmp_path / "out", waiting(), lambda _: None) is error
        self._assert_nothing_is_left()

    def test_nothing_is_left_at_the_end(self, tmp_path: Path) -> None:
        """After ``__exit__`` there are no workers or threads, and the environment is unchanged, used or not."""
        threads, environment = threading.active_count(), dict(os.environ)
        with self.make(tmp_path / "unused", jobs=2):
            pass
        self._run(tmp_path / "out", small_tasks(tmp_path / "data")[:2])
        self._assert_nothing_is_left()
        assert threading.active_count() <= threads
        assert dict(os.environ) == environment

    def test_a_worker_that_dies_loses_its_trial_and_the_others_go_on(self, tmp_path: Path) -> None:
        """The loss is reported once and fails no trial; the executor does not repeat the task."""
        if not self.has_workers:
            return
        first, second, *_ = small_tasks(tmp_path / "data", epochs=200)
        events: list[Event] = []

        def listen(event: Event) -> None:
            if not events:
                self.end_a_worker()
            events.append(event)

        self._run(tmp_path / "out", [first, second], listen, jobs=1)
        (lost,) = (event for event in events if isinstance(event, Lost))
        assert lost.identities == (first.trials[0].identity,)
        assert (lost.kind, bool(lost.reason)) == ("fit", True), lost
        finished = [event.identity for event in events if isinstance(event, Finished)]
        assert finished == [second.trials[0].identity], "one is lost, the other is done"

    def test_a_group_that_is_lost_is_lost_as_a_whole(self, tmp_path: Path) -> None:
        """All trials of the task that have not ended are reported as one `Lost`, in their order."""
        if not self.has_workers:
            return
        group = grouped(small_tasks(tmp_path / "data", epochs=200)[:2], 2)
        events: list[Event] = []

        def listen(event: Event) -> None:
            if not events:
                self.end_a_worker()
            events.append(event)

        self._run(tmp_path / "out", [group], listen, jobs=1)
        assert not [event for event in events if isinstance(event, Finished)]
        (lost,) = (event for event in events if isinstance(event, Lost))
        assert lost.identities == tuple(trial.identity for trial in group.trials)
        assert lost.kind == "fit_group"

    def _run(
        self,
        out: Path,
        tasks: Iterable[Task],
        on_event: Callable[[Event], None] = lambda _: None,
        *,
        jobs: int = 2,
    ) -> None:
        with self.make(out, jobs=jobs) as executor:
            executor.run(tasks, on_event)

    def _heard(
        self,
        out: Path,
        tasks: Iterable[Task],
        *,
        listen: Callable[[Event], None] = lambda _: None,
        jobs: int = 2,
    ) -> Heard:
        with self.make(out, jobs=jobs) as executor:
            return hear(executor, tasks, listen)

    def _raised(
        self, out: Path, tasks: Iterable[Task], on_event: Callable[[Event], None]
    ) -> BaseException:
        """Run tasks, and return the exception that `run` must raise."""
        try:
            self._run(out, tasks, on_event)
        except BaseException as error:  # noqa: BLE001 - the caller checks its class
            return error
        raise AssertionError("nothing was raised")

    def _assert_nothing_is_left(self) -> None:
        end = time.monotonic() + GRACE_SECONDS
        while (living := self.living_workers()) and time.monotonic() < end:
            time.sleep(0.01)
        assert not living, f"{living} workers live on"
