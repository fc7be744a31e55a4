"""Kill -9 at every point at which something is written, then run again: the results are the same."""

import itertools
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import paribus
from paribus import failpoints

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="forks and SIGKILL")]

STEPS = ("write", "half", "fsync", "rename", "folder", "end")
BEFORE = ("data.json", "study.yaml", "resolved.yaml", "run.json")
OF_TRIALS = ("checkpoint", "preprocessing", "weights", "predictions-validation", "predictions-test")
AFTER = ("insight", "report.html")
WRITERS = (
    "open",
    "register",
    "add_trials",
    "begin_attempt",
    "record_epoch",
    "finish",
    "record_test",
)


def files(names):
    return [f"{name}{'' if '.' in name else '.safetensors'}" for name in names]


WRITTEN = files([*BEFORE, "gallery", *OF_TRIALS, *AFTER])
POINTS = {
    *(f"{name}.{step}" for name in WRITTEN for step in STEPS),
    *(f"store.{name}.{step}" for name in WRITERS for step in ("commit", "end")),
    *("images.npy.write", "labels.npy.write"),
    *("data.json.remove", "checkpoint.remove", "cache.remove"),
}
IN_WORKERS = tuple(files([*OF_TRIALS, "insight"]))
LATER = {
    "store.add_trials.commit": 2,
    "store.begin_attempt.end": 4,
    "store.record_epoch.commit": 7,
    "store.finish.commit": 5,
    "store.record_test.commit": 2,
    "gallery.safetensors.rename": 2,
    "weights.safetensors.rename": 2,
    "checkpoint.remove": 4,
}
"""Also at a later time than the first."""
CHAINS = 24

STUDY = {
    "study": "kills",
    "question": "Is a kill seen in the results?",
    "data": {
        "source": "made.npz",
        "split": {"train": 0.6, "validation": 0.2, "test": 0.2, "seed": 1},
        "preprocess": ["scale"],
    },
    "model": {
        "layers": [
            "Flatten",
            {"Dense": {"name": "hidden", "units": 8, "activation": "relu"}},
            {"Dense": {"name": "output", "units": 3, "activation": "softmax"}},
        ]
    },
    "train": {"optimizer": {"Adam": {"learning_rate": 0.01}}, "epochs": 2, "batch_size": 24},
    "seeds": 2,
    "factors": {"width": {"small": None, "large": {"set": {"model.hidden.units": 12}}}},
    "select": {"refit": "train+validation", "test": "once"},
    "claims": [{"id": "wider", "says": "large > small on val_accuracy"}],
}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kills")
    draws = np.random.default_rng(0)
    labels = np.arange(120) % 3
    images = draws.integers(0, 90, (120, 6, 6, 1), dtype=np.uint8)
    images[np.arange(120), labels] += 120
    np.savez(folder / "made.npz", x_train=images, y_train=labels)
    path = folder / "study.yaml"
    path.write_text(json.dumps(STUDY))
    return path


@pytest.fixture(scope="module")
def run(study):
    """Run the study in a forked process, which may be killed; return its exit status."""
    program = [sys.executable, str(Path(__file__).with_name("killing.py"))]
    with subprocess.Popen(program, stdin=-1, stdout=-1, text=True) as process:

        def ask(out, *, point=None, log=None, report=False, store=None):
            asked = {
                "study": str(study),
                "out": str(out),
                "point": point,
                "report": report,
                "store": store,
            }
            print(json.dumps({**asked, "log": log and str(log)}), file=process.stdin, flush=True)
            return int(process.stdout.readline())

        yield ask
        process.stdin.close()


@pytest.fixture(scope="module")
def undisturbed(run, study):
    """A run without a kill: its table, and the points it has passed, in their order."""
    log = study.with_name("log")
    assert run(study.with_name("whole"), log=log, report=True) == 0
    return table(study.with_name("whole")), [line.split()[1] for line in lines(log)]


def table(out):
    found = paribus.open_results(out).to_json()
    for trial in found["trials"]:
        del trial["seconds"]
    return found


def lines(log):
    return log.read_text().splitlines() if log.exists() else []


def ended(log, start):
    return [line for line in lines(log)[start:] if line.startswith(failpoints.ENDED)]


def statuses(out):
    if not (out / "paribus.db").exists():
        return []
    with sqlite3.connect(out / "paribus.db", timeout=10) as database:
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'trial'").fetchone():
            return []
        return [row[0] for row in database.execute("SELECT status FROM trial")]


def cases():
    """Every point once, and some later times; neighbours on the way come into different chains."""
    first = [(point, 1) for point in sorted(POINTS)]
    return first + sorted(LATER.items())


def test_an_undisturbed_run_passes_all_the_points_that_are_swept_and_no_other(undisturbed):
    _, passed = undisturbed
    assert set(passed) == POINTS, "a new write needs its points above"
    assert len(POINTS) >= 25
    assert all(Counter(passed)[point] >= count for point, count in LATER.items())


@pytest.mark.parametrize("chain", range(CHAINS))
def test_after_kills_at_any_points_the_table_is_the_same(chain, run, undisturbed, tmp_path):
    whole, passed = undisturbed
    order = sorted(cases(), key=lambda case: (passed.index(case[0]), case))
    mine = order[chain::CHAINS]
    outs, log = [tmp_path / "out"], tmp_path / "log"
    for point, count in mine:
        asked = {"point": f"{point}:{count}", "log": log, "report": "report" in point}
        before = len(lines(log))
        status = run(out := outs[-1], **asked)
        if not ended(log, before):  # the runs before have done that work: from the start, then
            outs.append(tmp_path / f"out{len(outs)}")
            status = run(out := outs[-1], **asked)
        ends = ended(log, before)
        assert ends, f"{point} was never reached"
        assert {line.split()[1] for line in ends} == {point}
        in_worker = point.startswith(IN_WORKERS)
        assert status == (-signal.SIGKILL if not in_worker else status), point
        assert in_worker == (status in (0, 3)), (point, status)
        assert "failed" not in statuses(out), point
    for out in outs:
        assert run(out) == 0
        assert table(out) == whole
        assert set(statuses(out)) == {"done"}
        assert not list(out.rglob("*.partial"))


def test_every_case_is_in_exactly_one_chain():
    dealt = list(itertools.chain(*(cases()[chain::CHAINS] for chain in range(CHAINS))))
    assert sorted(dealt) == sorted(cases())
    assert {point for point, _ in dealt} == POINTS


def test_the_command_itself_is_killed_at_a_point_and_goes_on(study, undisturbed, tmp_path):
    whole, _ = undisturbed
    point = "store.finish.commit:2"
    command = [sys.executable, "-m", "paribus", "run", str(study), "--out", str(tmp_path / "out")]
    watched = {**os.environ, failpoints.POINT: point, failpoints.LOG: str(tmp_path / "log")}
    killed = subprocess.run(command, capture_output=True, check=False, env=watched)
    assert any(line.startswith(failpoints.ENDED) for line in lines(tmp_path / "log"))
    assert killed.returncode == -signal.SIGKILL
    assert b"Traceback" not in killed.stderr
    assert subprocess.run(command, capture_output=True, check=False).returncode in (0, 1)
    assert table(tmp_path / "out") == whole


@pytest.mark.parametrize("step", STEPS)
def test_after_a_kill_while_the_store_is_remembered_the_table_is_the_same(
    step, run, undisturbed, tmp_path
):
    whole, _ = undisturbed
    out, store = tmp_path / "out", f"sqlite:///{tmp_path}/elsewhere.db"
    assert run(out, store=store, point=f"store.json.{step}:1") == -signal.SIGKILL
    assert run(out, store=store) == 0
    assert table(out) == whole, "the folder knows its store"
    assert not (out / "paribus.db").exists()
