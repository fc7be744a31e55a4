"""Workers: the same bits whatever their number, and what happens when one dies."""

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import replace

import psutil
import pytest
import torch

from paribus import errors
from paribus.checking import Issue, SettingsError
from paribus.data.exported import export_dataset
from paribus.data.load import load_dataset
from paribus.data.spec import DataSpec
from paribus.errors import Problem, StoreError
from paribus.execute import artifacts, starting, worker
from paribus.execute import events as events_
from paribus.execute.events import EpochEnded, Fatal, Finished, Lost, NotDone, Started, Task, fatal
from paribus.execute.pool import Pool
from paribus.execute.spawning import WORKER_ENVIRONMENT
from paribus.study.expand import expand
from paribus.study.identity import plan_trials
from paribus.study.load import study_from_mapping


@pytest.fixture
def tasks(tiny, tmp_path):
    def make(**train):
        tiny["train"] |= train
        plan = expand(study_from_mapping(tiny))
        data = load_dataset(DataSpec.parse(plan.variants[0].data))
        folder = tmp_path / "data"
        export_dataset(data, folder)
        names = {v.name: data.fingerprint for v in plan.variants}
        trials = plan_trials(plan, names, lambda _: 1)
        return [Task("fit", (t,), folder) for t in trials]

    return make


def run_all(tasks, out, *, jobs=2, listen=lambda event: None):
    events = []

    def on_event(event):
        events.append(event)
        listen(event)

    with Pool(out, jobs=jobs) as pool:
        pool.run(tasks, on_event)
    return events


def contents(out):
    files = sorted(p for p in (out / "artifacts").rglob("*") if p.is_file())
    return {str(p.relative_to(out)): p.read_bytes() for p in files}


def test_serial_equals_parallel_equals_killed_and_resumed(tasks, tmp_path):
    work = tasks(epochs=3)
    run_all(work, tmp_path / "one", jobs=1)
    run_all(work, tmp_path / "two", jobs=2)

    class Stop(Exception):
        pass

    def stop(event):
        if isinstance(event, EpochEnded) and event.record.epoch == 2:
            raise Stop

    with pytest.raises(Stop):
        run_all(work, tmp_path / "three", jobs=1, listen=stop)
    assert any("checkpoint" in name for name in contents(tmp_path / "three"))
    events = run_all(work, tmp_path / "three", jobs=2)
    assert max(e.resumed_epochs for e in events if isinstance(e, Started)) >= 1
    assert contents(tmp_path / "one") == contents(tmp_path / "two") == contents(tmp_path / "three")


def of_one_variant(work):
    first = work[0].trials[0].variant.name
    return [task for task in work if task.trials[0].variant.name == first]


def grouped(work, size):
    return [Task("fit", tuple(task.trials[0] for task in work), work[0].dataset, size)]


@pytest.mark.slow
def test_a_group_leaves_what_single_trials_leave_and_goes_on_after_a_crash(tasks, tmp_path):
    work = tasks(epochs=3)
    work = of_one_variant(work)
    events = run_all(grouped(work, 4), tmp_path / "whole")
    started = [e for e in events if isinstance(e, Started)]
    assert {e.environment["group_size"] for e in started} == {4}
    for task in work:
        mine = [type(e) for e in events if e.identity == task.trials[0].identity]
        assert mine == [Started, EpochEnded, EpochEnded, EpochEnded, Finished]

    class Stop(Exception):
        pass

    def stop(event):
        if isinstance(event, EpochEnded) and event.record.epoch == 2:
            raise Stop

    with pytest.raises(Stop):
        run_all(grouped(work, 4), tmp_path / "again", listen=stop)
    events = run_all(grouped(work, 4), tmp_path / "again")
    assert max(e.resumed_epochs for e in events if isinstance(e, Started)) >= 1
    assert [e.outcome.reason for e in events if isinstance(e, Finished)] == [None, None]
    assert contents(tmp_path / "again") == contents(tmp_path / "whole")


def test_a_killed_group_loses_all_its_trials_and_fails_none(tasks, tmp_path):
    work = tasks(epochs=3)

    def kill(event):
        if isinstance(event, EpochEnded):
            for child in workers():
                child.kill()

    group = grouped(of_one_variant(work), 2)
    events = run_all(group, tmp_path, jobs=1, listen=kill)
    assert not [e for e in events if isinstance(e, Finished)]
    (lost,) = (e for e in events if isinstance(e, Lost))
    assert lost.identities == tuple(t.identity for t in group[0].trials)
    assert (
        lost.reason == "the worker process died (signal SIGKILL); out of memory is a common cause"
    )


@pytest.mark.slow
def test_events_tell_the_whole_story(tasks, tmp_path):
    work = tasks()
    events = run_all(work, tmp_path)
    for task in work:
        mine = [e for e in events if e.identity == task.trials[0].identity]
        assert [type(e) for e in mine] == [Started, EpochEnded, EpochEnded, Finished]
        assert mine[0].environment["threads"] == 1
        assert mine[0].environment["memory_kept"] is True
        assert mine[0].environment["kernels"] == "native"
        assert mine[-1].outcome.status == "done"
        assert not mine[-1].outcome.weights, "arrays stay on disk"
        folder = artifacts.trial_folder(tmp_path, task.trials[0].identity)
        assert not (folder / "checkpoint.safetensors").exists()
        assert artifacts.read_predictions(folder, "test") is None
    tests = [Task("test", task.trials, task.dataset) for task in work[:1]]
    (tested,) = run_all(tests, tmp_path)
    assert isinstance(tested, events_.Tested)
    folder = artifacts.trial_folder(tmp_path, work[0].trials[0].identity)
    predictions = artifacts.read_predictions(folder, "test")
    recount = (predictions.probabilities.argmax(1) == predictions.labels).mean()
    assert tested.metrics["test_accuracy"] == pytest.approx(recount)


@pytest.mark.slow
def test_reading_events_does_not_load_torch_into_the_parent(tasks, tmp_path):
    work = tasks()
    (tmp_path / "events").write_bytes(pickle.dumps(run_all(work[:1], tmp_path)))
    code = (
        "import pickle, sys\n"
        f"events = pickle.loads(open({str(tmp_path / 'events')!r}, 'rb').read())\n"
        "print(len(events), 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["4", "False"]


def test_workers_get_one_thread_and_memory_that_is_kept(tasks, tmp_path):
    work = tasks()
    seen = []

    def look(event):
        if isinstance(event, Started):
            for child in workers():
                environment = child.environ()
                seen.append({k: environment.get(k) for k in WORKER_ENVIRONMENT})

    run_all(work[:1], tmp_path, jobs=1, listen=look)
    assert seen == [WORKER_ENVIRONMENT]
    assert "MALLOC_ARENA_MAX" not in os.environ


def workers():
    """Return the living children of the fork server."""
    found = []
    for child in psutil.Process(starting.SERVER.pid).children():
        with contextlib.suppress(psutil.NoSuchProcess):
            found += [child] * (child.status() != psutil.STATUS_ZOMBIE)
    return found


@pytest.mark.slow
def test_a_killed_worker_loses_its_trial_and_the_others_go_on(tasks, tmp_path):
    work = tasks(epochs=200)
    killed = []

    def kill(event):
        if isinstance(event, Started) and not killed:
            killed.append(event.identity)
            workers()[0].send_signal(signal.SIGKILL)

    events = run_all(work[:2], tmp_path, jobs=1, listen=kill)
    outcomes = {e.identity: e.outcome for e in events if isinstance(e, Finished)}
    (lost,) = (e for e in events if isinstance(e, Lost))
    assert lost.identities == (killed[0],)
    assert "signal SIGKILL" in lost.reason
    (other,) = set(outcomes)
    assert other != killed[0]
    assert outcomes[other].status == "done"


@pytest.mark.slow
def test_an_interrupt_ends_all_workers_within_two_seconds(tasks, tmp_path):
    work = tasks(epochs=500)
    began = []

    def interrupt(event):
        if isinstance(event, EpochEnded):
            began.append(time.monotonic())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_all(work, tmp_path, listen=interrupt)
    assert time.monotonic() - began[0] < 2
    assert not workers()


def test_artifacts_that_cannot_be_written_stop_the_study_with_one_clear_error(tasks, tmp_path):
    work = tasks()
    (tmp_path / "artifacts").write_text("a file where a folder must be")
    with pytest.raises(
        StoreError, match=r"must be writable \([\d,]+ bytes\), got (Not a directory|File exists)"
    ):
        run_all(work, tmp_path)
    assert not workers()


@pytest.mark.parametrize(
    ("size", "advice"), [(16, "a smaller --group-size, such as 8"), (1, "--device cpu")]
)
@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has ..."),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be ..."),
    ],
)
def test_a_gpu_that_is_too_small_stops_the_study_and_fails_no_trial(
    tasks, tmp_path, monkeypatch, size, advice, error
):
    """That a GPU was too small says nothing about a variant, so it must not be kept as a result."""

    def full(*_, **__):
        raise error

    monkeypatch.setattr("paribus.engine.group.run_group", full)
    monkeypatch.setattr("paribus.engine.run.run_trial", full)
    (first, *_), told = tasks(), []
    worker._serve(
        worker._Desk(tmp_path / "out", "cpu"), replace(first, group_size=size), told.append
    )
    *before, last = told
    assert [type(event) for event in before] == [Started]
    assert isinstance(last, Fatal)
    assert last.kind == "StudyError"
    said = str(last.problems[0])
    assert advice in said
    assert "'none', and what else is on the GPU, must fit its memory" in said
    assert f"got {str(error)[:18]!r}"[:-1] in said


def test_another_runtime_error_is_a_trials_own(tasks, tmp_path, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("shapes do not fit")

    monkeypatch.setattr("paribus.engine.run.run_trial", broken)
    (first, *_), told = tasks(), []
    worker._serve(worker._Desk(tmp_path / "out", "cpu"), first, told.append)
    assert isinstance(told[-1], Finished)
    assert "shapes do not fit" in told[-1].outcome.reason


def subclasses(kind):
    return {kind} | {deeper for own in kind.__subclasses__() for deeper in subclasses(own)}


def test_every_error_of_ours_crosses_as_a_kind_that_the_parent_knows():
    class Newer(errors.StoreError):
        """A later version's."""

    problem = Problem("here", "must be good", "bad")
    makers = {kind: kind for kind in subclasses(errors.ParibusError)}
    makers[SettingsError] = lambda _: SettingsError([Issue(("here",), "must be good", "bad")])
    for kind, make in makers.items():
        crossed = fatal(make(problem))
        if crossed is None:  # the trial's own
            assert not issubclass(kind, errors.StudyError | errors.DataError | errors.StoreError)
            continue
        again = pickle.loads(pickle.dumps(crossed)).error()
        assert isinstance(make(problem), type(again))
        assert [str(item) for item in again.problems] == ["here: must be good, got bad."]
    assert type(fatal(Newer("text")).error()) is errors.StoreError
    assert str(fatal(Newer("text")).error()) == "text"
    assert fatal(errors.TrialError("x")) is None
    assert fatal(errors.ParibusError("x")) is None


class Unpicklable(Exception):
    def __reduce__(self):
        raise TypeError("never leaves")


@pytest.mark.parametrize(
    "error", [Unpicklable("odd"), errors.TrialError("odd"), errors.ParibusError("odd")]
)
def test_an_error_that_ends_no_run_fails_a_fit_and_leaves_a_trained_trial_alone(tasks, tmp_path, monkeypatch, error):  # fmt: skip
    def broken(*_, **__):
        raise error

    monkeypatch.setattr("paribus.engine.run.run_trial", broken)
    monkeypatch.setattr(worker, "_test", broken)
    monkeypatch.setattr(worker, "_explain", broken)
    (first, *_) = tasks()
    for kind, expected in (("fit", Finished), ("test", NotDone), ("explain", NotDone)):
        told = []
        worker._serve(worker._Desk(tmp_path / "out", "cpu"), replace(first, kind=kind), told.append)
        last = pickle.loads(pickle.dumps(told[-1]))
        assert isinstance(last, expected)
        assert "odd" in (last.outcome.reason if kind == "fit" else last.reason)


def test_workers_that_all_end_before_they_begin_are_one_error(tasks, tmp_path, monkeypatch):
    monkeypatch.setattr("paribus.execute.pool.work", os._exit)
    with (
        pytest.raises(errors.TrialError, match="must live long enough to begin a trial"),
        Pool(tmp_path, jobs=2) as pool,
    ):
        pool._arguments = ()
        for one in list(pool._workers):
            one.process.kill()
        pool.run(tasks(), lambda event: None)
    assert not workers()


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux to end workers with their parent")
def test_a_worker_whose_parent_has_ended_before_it_could_ask_ends_too(tmp_path):
    program = """
import multiprocessing, os, sys, time
from paribus.execute.spawning import die_with_parent

def late(parent, path):
    while os.getppid() == parent:
        time.sleep(0.01)
    open(path + "begun", "w").close()
    die_with_parent(parent)
    open(path + "lives", "w").close()

multiprocessing.get_context("fork").Process(target=late, args=(os.getpid(), sys.argv[1])).start()
os._exit(0)
"""
    subprocess.run([sys.executable, "-c", program, f"{tmp_path}/"], check=True, capture_output=True)
    assert [path.name for path in tmp_path.iterdir()] == ["begun"]
