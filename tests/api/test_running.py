"""What a run does when workers die, when trials are missing, and in which order it works."""

import copy
import json
import os
import signal
import subprocess
import sys

import pytest

import paribus
from paribus.api.run import executing, finishing
from paribus.api.run.folder import DATABASE
from paribus.api.run.running import RunOptions, run_study
from paribus.errors import StudyError
from paribus.execute import processes
from paribus.execute.events import EpochEnded, Started
from paribus.execute.grouping import groups_of
from paribus.store.store import open_store
from paribus.study.expand import expand
from paribus.study.identity import plan_trials
from paribus.study.load import study_from_mapping
from tests.conftest import TINY

REFIT = {"by": "val_accuracy", "refit": "train+validation", "test": "once"}


def table(results):
    plain = results.to_json()
    for trial in plain["trials"]:
        del trial["seconds"]
    return plain


def run(study, out, observe=lambda _: None, **options):
    """Run a study without drawing its report, which takes longer."""
    return run_study(study_from_mapping(study), out, RunOptions(**{"jobs": 1, **options}), observe)


class Killer:
    """Kills the worker of chosen trials when they begin, by the executor's own hands."""

    def __init__(self, monkeypatch, wanted, times):
        self.left, self.wanted, self.pids = {}, wanted, set()
        hear = processes._hear

        def listening(worker, on_event, out):
            def on(event):
                on_event(event)
                if isinstance(event, Started | EpochEnded):
                    self.meet(worker, event, times)

            return hear(worker, on, out)

        monkeypatch.setattr(processes, "_hear", listening)

    def meet(self, worker, event, times):
        trial = next(t for t in worker.task.trials if t.identity == event.identity)
        key = (trial.variant.name, trial.seed)
        wanted = key == self.wanted and isinstance(event, EpochEnded)
        pid = worker.process.pid
        if wanted and pid not in self.pids and self.left.get(key, 0) < times:
            self.left[key] = self.left.get(key, 0) + 1
            os.kill(pid, signal.SIGKILL)
            self.pids.add(pid)

    @property
    def killed(self):
        """Workers, not signals: what a dead worker had already sent is still heard."""
        return len(self.pids)


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """The table of an undisturbed run."""
    return table(run({**copy.deepcopy(TINY), "select": REFIT}, tmp_path_factory.mktemp("whole")))


@pytest.fixture
def whole(tiny, expected):
    tiny["select"] = REFIT
    return tiny, expected


@pytest.mark.slow
def test_a_trial_whose_worker_dies_once_is_tried_again_at_once(whole, tmp_path, monkeypatch):
    study, expected = whole
    killer = Killer(monkeypatch, ("some", 0), 1)
    results = run(study, tmp_path / "out")
    assert killer.killed == 1
    assert table(results) == expected
    assert results.summary.missing == ()


def test_a_trial_whose_worker_dies_again_is_missing_and_nothing_is_chosen(whole, tmp_path, monkeypatch):  # fmt: skip
    study, expected = whole
    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        killer = Killer(patch, ("some", 0), 10)
        heard = []
        results = run(study, out, observe=heard.append)
    assert killer.killed == executing.TRIES
    (missing,) = results.summary.missing
    assert (missing.variant, missing.seed) == ("some", 0)
    assert "signal SIGKILL" in missing.reason
    assert "2 times" in missing.reason
    assert not [trial for trial in results.summary.trials if trial.status == "failed"]
    assert {trial.status for trial in results.summary.trials} == {"done", "pending"}
    assert results.summary.selected is None
    assert not results.summary.complete
    assert results.summary.looks == ()
    assert any("1 trial missing: nothing is selected or tested" in p.phase for p in heard)
    assert any("some, seed 0 is missing" in p.text for p in heard)
    status = paribus.api.status(out).to_json()
    assert (status["pending"], status["failed"]) == (1, 0)
    assert "SIGKILL" in status["lost"][0]["reason"]
    (out / "report.html").unlink(missing_ok=True)
    assert "Nothing is selected: 1 trial is missing." in paribus.api.open_results(out)._repr_html_()
    again = run(study, out)
    assert table(again) == expected


@pytest.mark.slow
def test_a_trial_that_kills_its_worker_takes_no_other_trial_of_its_group_along(tiny, tmp_path, monkeypatch):  # fmt: skip
    tiny["seeds"] = 3
    options = {"jobs": 1, "group_size": 3}
    expected = table(run(tiny, tmp_path / "whole", **options))
    with monkeypatch.context() as patch:
        killer = Killer(patch, ("some", 1), 10)
        results = run(tiny, tmp_path / "out", **options)
    assert killer.killed == executing.TRIES + 1, "in the group, and alone"
    assert [(item.variant, item.seed) for item in results.summary.missing] == [("some", 1)]
    assert table(run(tiny, tmp_path / "out", **options)) == expected


@pytest.mark.slow
def test_a_missing_trial_is_exit_code_3_and_the_next_run_ends_well(tiny, tmp_path):
    tiny["train"]["epochs"] = 3
    (tmp_path / "s.json").write_text(json.dumps(tiny))
    path = tmp_path / "study.yaml"
    path.write_text((tmp_path / "s.json").read_text())
    out = tmp_path / "out"
    paribus.load(path).run(out)
    with open_store(out / DATABASE) as store:
        gone = next(item for item in store.trials() if item.variant == "some" and item.seed == 1)
        store.lose(gone.identity, "the worker process died (signal SIGKILL), 2 times")
    done = subprocess.run(
        [sys.executable, "-m", "paribus", "results", str(out)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Nothing is selected: 1 trial is missing." in done.stdout
    assert "some, seed 1: the worker process died" in " ".join(done.stdout.split())
    from paribus.cli.commands.studies.run import _exit_code

    assert _exit_code(paribus.api.open_results(out)) == 3
    assert _exit_code(paribus.load(path).run(out)) in (0, 1)


@pytest.mark.slow
def test_a_test_that_is_lost_leaves_the_trained_trial_alone(whole, tmp_path, monkeypatch):
    study, expected = whole
    from paribus.execute.events import NotDone

    real = processes.Processes.run

    def failing(self, tasks, on_event):
        kept = []
        for task in tasks:
            if task.kind == "test":
                on_event(NotDone(task.trials[0].identity, "no room"))
            else:
                kept.append(task)
                real(self, [task], on_event)

    heard = []
    with monkeypatch.context() as patch:
        patch.setattr(processes.Processes, "run", failing)
        results = run(study, tmp_path / "out", observe=heard.append)
    assert {trial.status for trial in results.summary.trials} == {"done"}
    assert not results.summary.complete
    assert any("could not be tested: no room" in p.phase for p in heard)
    assert table(run(study, tmp_path / "out")) == expected


@pytest.mark.slow
def test_a_refit_of_a_variant_that_is_no_longer_selected_is_dropped(whole, tmp_path, monkeypatch):
    study, expected = whole
    out = tmp_path / "out"
    real = finishing.select_variant

    def other(plan, stored, required):
        from dataclasses import replace

        chosen = real(plan, stored, required)
        return replace(chosen, variant=chosen.runner_up)

    with monkeypatch.context() as patch:
        patch.setattr(finishing, "select_variant", other)
        run(study, out)
    results = run(study, out)
    assert table(results) == expected
    assert len({look.variant for look in results.summary.looks}) == 2, "looks are never forgotten"
    refits = [t for t in results.summary.trials if t.fit_on != "train"]
    assert {t.variant for t in refits} == {results.summary.selected.variant}


@pytest.mark.slow
def test_trials_of_other_settings_in_the_same_folder_are_another_studys(tiny, tmp_path):
    tiny["select"] = REFIT
    out = tmp_path / "out"
    first = table(run(tiny, out))
    slower = {**tiny, "train": {**tiny["train"], "optimizer": {"Adam": {"learning_rate": 0.0001}}}}
    alone = table(run(slower, tmp_path / "alone"))
    assert table(run(slower, out)) == alone
    assert table(run(tiny, out)) == first
    assert alone["trials"] != first["trials"]


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_trials_begin_seed_by_seed_and_the_longest_first(tiny, tmp_path, monkeypatch, jobs):
    tiny["seeds"] = [5, 1, 3]
    tiny["factors"]["dropout"]["long"] = {"set": {"train.epochs": 4}}
    begun = []
    hear = executing._Listener.hear

    def listening(self, event):
        if isinstance(event, Started):
            trial = self.trial(event.identity)
            begun.append((trial.seed, trial.variant.name))
        hear(self, event)

    monkeypatch.setattr(executing._Listener, "hear", listening)
    run(tiny, tmp_path / "out", jobs=jobs)
    seeds = [seed for seed, _ in begun[:9]]
    if jobs == 1:
        assert seeds == [5, 5, 5, 1, 1, 1, 3, 3, 3]
        assert [name for _, name in begun[:9:3]] == ["long", "long", "long"]
    places = {seed: [k for k, own in enumerate(seeds) if own == seed] for seed in (5, 1, 3)}
    assert max(places[5]) < 3 + jobs
    assert min(places[3]) >= 6 - jobs


def test_groups_are_filled_seed_by_seed(tiny):
    tiny["seeds"], tiny["claims"] = 4, []
    tiny["factors"]["dropout"] = {
        "a": None,
        "b": {"set": {"train.optimizer.Adam.learning_rate": 0.1}},
    }
    plan = expand(study_from_mapping(tiny))
    trials = plan_trials(plan, {v.name: "d" for v in plan.variants}, lambda _: 1)
    groups = groups_of(trials, 4)
    assert [sorted({t.seed for t in group}) for group in groups] == [[0, 1], [2, 3]]
    for group in groups:  # equal optimizers stand side by side
        names = [t.variant.name for t in group]
        assert names == sorted(names)


@pytest.mark.slow
def test_finished_events_are_counted_once(whole, tmp_path, monkeypatch):
    """Progress neither exceeds its total nor falls when a trial is resumed."""
    study, _ = whole
    heard = []
    Killer(monkeypatch, ("none", 1), 1)
    run(study, tmp_path / "out", observe=heard.append)
    first = [p for p in heard if p.phase == "trials" and p.num_trials]
    assert all(p.done_epochs <= p.total_epochs for p in first)
    assert [p.done_epochs for p in first] == sorted(p.done_epochs for p in first)
    assert first[-1].done_epochs == first[-1].total_epochs
    assert first[-1].num_finished == 4


@pytest.mark.slow
@pytest.mark.parametrize("group_size", [1, 3])
def test_a_study_is_the_same_byte_by_byte_without_workers(whole, tmp_path, group_size):
    study, _ = whole
    study["factors"]["dropout"]["numpy"] = {"set": {"train.backend": "numpy"}}
    found = {}
    for name in ("processes", "inline"):
        results = run(study, tmp_path / name, executor=name, group_size=group_size)
        found[name] = json.dumps(table(results))
        assert results.summary.complete
    assert found["inline"] == found["processes"]
    one, other = (sorted((tmp_path / name / "artifacts").rglob("*.safetensors")) for name in found)
    assert [path.name for path in one] == [path.name for path in other]
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in other]


def test_an_unknown_executor_is_refused_before_anything_is_written(tiny, tmp_path):
    with pytest.raises(StudyError, match="--on: must be one of"):
        run(tiny, tmp_path / "out", executor="elsewhere")
    assert not (tmp_path / "out").exists()
