"""Workers: the same bits whatever their number, and what happens when one dies."""

import os
import pickle
import signal
import subprocess
import sys
import time

import pytest

from paribus import errors
from paribus.errors import StoreError
from paribus.execute import artifacts
from paribus.execute import events as events_
from paribus.execute.events import EpochEnded, Finished, Lost, Started
from paribus.execute.processes import Processes
from paribus.execute.task import Task
from paribus.execute.workers.spawning import WORKER_ENVIRONMENT
from tests.execute.living import workers


def run_all(tasks, out, *, jobs=2, listen=lambda event: None):
    events = []

    def on_event(event):
        events.append(event)
        listen(event)

    with Processes(out, jobs=jobs) as executor:
        executor.run(tasks, on_event)
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
    return [Task("fit_group", tuple(task.trials[0] for task in work), work[0].dataset, size)]


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


def test_workers_that_all_end_before_they_begin_are_one_error(tasks, tmp_path, monkeypatch):
    monkeypatch.setattr("paribus.execute.processes.work", os._exit)
    with (
        pytest.raises(errors.TrialError, match="must live long enough to begin a trial"),
        Processes(tmp_path, jobs=2) as executor,
    ):
        executor._arguments = ()
        for one in list(executor._workers):
            one.process.kill()
        executor.run(tasks(), lambda event: None)
    assert not workers()


def test_workers_that_have_started_end_where_the_next_cannot_start(tmp_path, monkeypatch):
    started = []
    real = Processes._spawn

    def second_fails(self):
        if started:
            raise OSError("no more processes")
        started.append(real(self))
        return started[0]

    monkeypatch.setattr(Processes, "_spawn", second_fails)
    with pytest.raises(OSError, match="no more"), Processes(tmp_path, jobs=2):
        pass
    assert started[0].process.exitcode is not None


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux to end workers with their parent")
def test_a_worker_whose_parent_has_ended_before_it_could_ask_ends_too(tmp_path):
    program = """
import multiprocessing, os, sys, time
from paribus.execute.workers.spawning import die_with_parent

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
