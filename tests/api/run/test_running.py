"""What a run does when workers die, when trials are missing, and in which order it works."""

import json
import subprocess
import sys

import pytest

import paribus
from paribus.api.run import executing
from paribus.api.run.folder import DATABASE
from paribus.errors import StudyError
from paribus.store.store import open_store
from tests.api.run.disturbed import Killer, run, table


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
