"""Contract tests of stores; `paribus.store.store.Store` describes the contract."""

from __future__ import annotations

import math
import multiprocessing
import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

from paribus.errors import StoreError
from paribus.observed import (
    Contradiction,
    Gradient,
    Moments,
    Observed,
    Probe,
    ProbedLayer,
    RanOptimizer,
)
from paribus.records import EpochRecord, Look, Trial, TrialOutcome, Variant
from paribus.store.store import Store, open_store

__all__ = ["StoreContract"]

NAME = "größe/😀 <b>"
FIRST, SECOND = "a" * 64, "b" * 64
WRITERS, EACH = 6, 8
ENOUGH_SECONDS = 120.0

MOMENTS = Moments(mean=0.5, std=0.25, finite=1.0, treatment="0f")
OBSERVED = Observed(
    optimizer=RanOptimizer("SGD", "keras", {"learning_rate": 0.1, "nesterov": False}),
    optimizer_steps=3,
    precision="fp32",
    inputs={"train": MOMENTS},
    class_counts={"train": (2, 1)},
    probe=Probe(
        examples=3,
        input_rms=0.5,
        layers=(ProbedLayer("hidden", 0.5), ProbedLayer("hidden", 0.25, dead=0.5, units=4)),
        gradients={"hidden/kernel": Gradient(0.5, 0.125)},
        twice=0.0,
        alone=1e-7,
    ),
    contradicted=(Contradiction(7, 0, 1),),
    contradicted_files={7: NAME},
    preprocessing_notes=(),
)
"""An example of what is observed of a trial."""


class StoreContract:
    """Contract tests of a store. A subclass defines `place`.

    Example::

        class TestMine(StoreContract):
            def place(self, folder):
                return f"mine://{folder}"
    """

    def place(self, folder: Path) -> str | Path:
        """Return a file or a URL for `open_store`; the same one for the same folder.

        Args:
            folder: temporary folder of one test.
        """
        raise NotImplementedError

    def test_a_trial_lives_from_pending_to_done(self, tmp_path: Path) -> None:
        """Each state of a trial is read back as written, even after the store was closed."""
        with self._open(tmp_path) as store:
            store.add_trials([trial()])
            assert store.trials()[0].status == "pending"
            store.begin_attempt(FIRST, {"torch": "2"})
            store.record_epoch(FIRST, epoch())
            assert store.trials()[0].status == "running"
            outcome = TrialOutcome("done", 1, 2.5, {"val_loss": 0.5}, observed=OBSERVED)
            store.finish(FIRST, outcome)
        with self._open(tmp_path) as store:
            (found,) = store.trials()
        assert (found.status, found.attempts, found.epochs) == ("done", 1, 1)
        assert found.wall_seconds == 2.5
        assert found.metrics == {"val_loss": 0.5}
        assert found.curves == (epoch(),)
        assert (found.observed, found.environment) == (OBSERVED, {"torch": "2"})

    def test_trials_are_read_without_their_epochs_where_that_is_enough(
        self, tmp_path: Path
    ) -> None:
        """Nothing else of a trial changes by it."""
        with self._open(tmp_path) as store:
            store.add_trials([trial(), trial(SECOND, seed=1)])
            store.record_epoch(FIRST, epoch())
            store.finish(FIRST, TrialOutcome("done", 1, 2.5, {"val_loss": 0.5}, observed=OBSERVED))
            whole, short = store.trials(), store.trials(curves=False)
        assert [item.curves for item in short] == [(), ()]
        assert [replace(item, curves=()) for item in whole] == list(short)

    def test_writing_twice_changes_nothing(self, tmp_path: Path) -> None:
        """A writer that does not know whether a write succeeded may repeat it."""
        with self._open(tmp_path) as store:
            for _ in range(2):
                store.add_trials([trial(), trial(SECOND, seed=1)])
                store.register("s", "yaml", "{}", "now")
            store.begin_attempt(FIRST, {})
            for _ in range(2):
                store.record_epoch(FIRST, epoch())
                store.finish(FIRST, TrialOutcome("done", 1, 1.0))
            assert len(store.trials()) == 2
            assert len(store.trials()[0].curves) == 1
            assert len(store.registrations()) == 1

    def test_a_retry_forgets_the_reason_and_the_epochs(self, tmp_path: Path) -> None:
        """A new attempt deletes reason and epochs, and counts as an attempt."""
        with self._open(tmp_path) as store:
            store.add_trials([trial()])
            store.begin_attempt(FIRST, {})
            store.record_epoch(FIRST, epoch())
            failed = TrialOutcome("failed", 1, 1.0, reason="boom", first_nonfinite="input")
            store.finish(FIRST, failed)
            (found,) = store.trials()
            assert (found.status, found.reason, found.first_nonfinite) == (
                "failed",
                "boom",
                "input",
            )
            store.begin_attempt(FIRST, {})
            (again,) = store.trials()
        assert (again.attempts, again.reason, again.first_nonfinite) == (2, None, None)
        assert again.curves == ()

    def test_a_lost_trial_is_pending_and_says_why(self, tmp_path: Path) -> None:
        """A trial whose worker was lost is pending; its attempt counts."""
        with self._open(tmp_path) as store:
            store.add_trials([trial()])
            store.begin_attempt(FIRST, {})
            store.lose(FIRST, "the worker died")
            (found,) = store.trials()
        assert (found.status, found.reason, found.attempts) == ("pending", "the worker died", 1)

    def test_every_number_comes_back(self, tmp_path: Path) -> None:
        """Very small and large numbers, negative zero, infinity and NaN are read back as written."""
        values = (math.inf, -math.inf, math.nan, -0.0, 1e-308, 0.1)
        with self._open(tmp_path) as store:
            store.add_trials([trial()])
            for number, value in enumerate(values, 1):
                store.record_epoch(FIRST, epoch(number, loss=value))
            curves = store.trials()[0].curves
        assert [repr(record.metrics["loss"]) for record in curves] == list(map(repr, values))

    def test_every_text_comes_back(self, tmp_path: Path) -> None:
        """Texts with any Unicode letters, quotes and any length are read back as written."""
        reason = "x" * 100_000 + "'; DROP TABLE trial; -- 😀"
        with self._open(tmp_path) as store:
            store.add_trials([Trial(FIRST, Variant(NAME, {"size": "😀"}, {}, {}, {}), 0)])
            store.finish(FIRST, TrialOutcome("failed", 0, 0.0, reason=reason))
            (found,) = store.trials()
        assert (found.variant, found.levels, found.reason) == (NAME, {"size": "😀"}, reason)

    def test_a_look_and_its_metrics_are_one(self, tmp_path: Path) -> None:
        """Test metrics and the look that measured them are stored in one transaction."""
        look = Look(FIRST, "v", 0, "final", "2026-01-01")
        with self._open(tmp_path) as store:
            store.add_trials([trial()])
            store.finish(FIRST, TrialOutcome("done", 1, 1.0, {"loss": 0.1}))
            store.record_test({"test_accuracy": 0.9}, look, MOMENTS)
            assert store.looks() == (look,)
            (found,) = store.trials()
        assert found.observed.inputs == {"test": MOMENTS}
        assert found.metrics == {"loss": 0.1, "test_accuracy": 0.9}

    def test_the_newest_registration_is_last_even_when_repeated(self, tmp_path: Path) -> None:
        """The order of registrations is that of the latest runs."""
        with self._open(tmp_path) as store:
            for text in ("one", "two", "one"):
                store.register("s", text, "{}", "now")
            assert [item.study_yaml for item in store.registrations()] == ["two", "one"]

    def test_a_second_study_is_refused(self, tmp_path: Path) -> None:
        """A trial does not contain the study's name, so two studies could rename each other's trials."""
        with self._open(tmp_path) as store:
            store.register("one", "text", "{}", "now")
            store.register("one", "other text", "{}", "now")
            try:
                store.register("two", "text of two", "{}", "now")
            except StoreError as error:
                assert "'one'" in str(error), error
                assert "'two'" in str(error), error
            else:
                raise AssertionError("a second study was registered")
            assert [item.study for item in store.registrations()] == ["one", "one"]

    def test_one_run_holds_a_store(self, tmp_path: Path) -> None:
        """A second run is refused but may read; it can run when the first one has ended or was killed."""
        place, context = self.place(tmp_path), multiprocessing.get_context("spawn")
        with self._open(tmp_path) as store:
            store.add_trials([trial()])
            assert _is_held_after(store)
            ours, theirs = context.Pipe()
            other = context.Process(target=_hold, args=(place, theirs))
            other.start()
            theirs.close()
            assert ours.poll(ENOUGH_SECONDS), "nothing was said"
            assert ours.recv() == "held"
            assert not _is_held_after(store)
            assert len(store.trials()) == 1
            other.kill()
            other.join(ENOUGH_SECONDS)
            end = time.monotonic() + ENOUGH_SECONDS
            while not _is_held_after(store):
                assert time.monotonic() < end, "a killed run holds the store"

    def test_a_reader_leaves_no_trace(self, tmp_path: Path) -> None:
        """A store opened with ``read_only`` can be read, but is neither written nor created."""
        try:
            open_store(self.place(tmp_path), read_only=True)
        except StoreError:
            pass
        else:
            raise AssertionError("a store that nobody has written to was read")
        with self._open(tmp_path) as store:
            store.add_trials([trial()])
        with open_store(self.place(tmp_path), read_only=True) as reader:
            try:
                reader.lose(FIRST, "by a reader")
            except StoreError:
                pass
            else:
                raise AssertionError("a reader has written")
            (found,) = reader.trials()
        assert (found.identity, found.reason) == (FIRST, None)

    def test_what_is_written_of_an_unknown_trial_is_an_error(self, tmp_path: Path) -> None:
        """Writing to an unknown trial raises, so that no result is lost silently, and changes nothing."""
        look = Look(SECOND, "v", 0, "final", "2026-01-01")
        with self._open(tmp_path) as store:
            store.add_trials([trial()])
            calls: tuple[Callable[[], None], ...] = (
                lambda: store.begin_attempt(SECOND, {}),
                lambda: store.record_epoch(SECOND, epoch()),
                lambda: store.finish(SECOND, TrialOutcome("done", 1, 1.0)),
                lambda: store.lose(SECOND, "gone"),
                lambda: store.record_test({"test_accuracy": 0.9}, look),
            )
            for call in calls:
                try:
                    call()
                except StoreError as error:
                    assert "unknown trial" in str(error), error
                else:
                    raise AssertionError("a trial that was never added was written to")
            (found,) = store.trials()
            assert (found.identity, found.status, found.curves) == (FIRST, "pending", ())
            assert store.looks() == ()

    def test_many_writers_lose_nothing(self, tmp_path: Path) -> None:
        """Several processes write at the same time."""
        place, context = self.place(tmp_path), multiprocessing.get_context("spawn")
        writers = [
            context.Process(target=_write, args=(place, number)) for number in range(WRITERS)
        ]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join(ENOUGH_SECONDS)
            assert writer.exitcode == 0
        with self._open(tmp_path) as store:
            found = store.trials()
        assert len(found) == WRITERS * EACH
        assert {item.status for item in found} == {"done"}

    def _open(self, folder: Path) -> Store:
        return open_store(self.place(folder))


def trial(identity: str = FIRST, seed: int = 0) -> Trial:
    """Return a trial of an artificial variant."""
    return Trial(identity, Variant("v", {"f": "l"}, {}, {}, {}), seed)


def epoch(number: int = 1, loss: float = 0.5) -> EpochRecord:
    """Return an example of an epoch's record."""
    return EpochRecord(number, {"loss": loss, "accuracy": 0.25}, 1.5, 100.0, 0.1)


def _is_held_after(store: Store) -> bool:
    """Return whether a store can be locked now."""
    try:
        with store.held():
            return True
    except StoreError as error:
        assert "another run" in str(error), error
        return False


def _hold(place: str | Path, connection: Connection) -> None:
    """Lock a store until this process is killed. Runs in a separate process."""
    with open_store(place) as store, store.held():
        connection.send("held")
        time.sleep(ENOUGH_SECONDS)


def _write(place: str | Path, writer: int) -> None:
    """Write some finished trials. Runs in a separate process."""
    with open_store(place) as store:
        for number in range(EACH):
            identity = f"{writer:032d}{number:032d}"
            store.add_trials([trial(identity, seed=number)])
            store.finish(identity, TrialOutcome("done", 1, 1.0, {"loss": float(number)}))
