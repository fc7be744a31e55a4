"""`paribus run`: exit codes, interruptions, full disks, two runs in one folder."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from paribus.api.run.progress import Progress
from paribus.cli.commands.studies.run import _plain_observer
from tests.cli.typed import paribus


@pytest.mark.slow
def test_a_run_in_groups_can_be_stopped_and_taken_up(study, tmp_path):
    path = study()
    first = paribus("run", path, "--group-size", "3", "--json", "--seeds", "1", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    more = paribus("run", path, "--group-size", "3", "--json", cwd=tmp_path)
    results = json.loads(more.stdout)
    assert results["complete"] is True
    assert [t["status"] for t in results["trials"]] == ["done"] * 4
    kept = {(t["variant"], t["seed"]): t["metrics"] for t in json.loads(first.stdout)["trials"]}
    for trial in results["trials"]:
        if trial["seed"] == 0:
            assert trial["metrics"] == kept[trial["variant"], 0]


@pytest.mark.slow
def test_seeds_are_spent_until_claims_are_decided(study, tmp_path):
    path = study(
        seeds={"until": "decided", "looks": [5, 6]},
        factors={
            "rate": {
                "good": None,
                "none": {"set": {"train.optimizer": {"SGD": {"learning_rate": 1e-9}}}},
                "same": {"set": {"train.optimizer": {"SGD": {"learning_rate": 2e-9}}}},
            }
        },
        claims=[
            {"id": "learns", "says": "good > none on accuracy", "of": "mean"},
            {"id": "open", "says": "same > none on loss", "margin": 0.0, "of": "mean"},
        ],
    )
    done = paribus("run", path, "--json", cwd=tmp_path)
    results = json.loads(done.stdout)
    assert results["complete"] is True
    counts = {row["name"]: row["n"] for row in results["variants"]}
    learns, still = results["claims"]
    assert (learns["decision"], learns["n"], learns["look"]) == ("supported", 5, 1)
    assert counts["good"] == 5
    assert counts["none"] == counts["same"] == still["n"]
    status = paribus("status", tmp_path / "results" / "tiny", "--json", cwd=tmp_path)
    assert json.loads(status.stdout)["complete"] is True


@pytest.mark.parametrize(
    ("device", "text"),
    [
        ("gpu", "--device: must be one of cpu, cuda, got 'gpu'."),
        ("cuda", "--device: cuda needs a GPU that torch can use; torch sees none, got torch"),
    ],
)
def test_a_device_that_is_not_there_is_one_clear_error(study, tmp_path, device, text):
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    done = paribus("run", study(), "--device", device, cwd=tmp_path)
    assert done.returncode == 2
    assert not (tmp_path / "results").exists(), "nothing is written"
    assert text in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_failed_trials_give_exit_code_3_and_are_retried(study, tmp_path):
    path = study(
        train={"optimizer": {"SGD": {"learning_rate": 3e38}}, "epochs": 1, "batch_size": 32}
    )
    first = paribus("run", path, cwd=tmp_path)
    assert first.returncode == 3
    assert "failed" in first.stdout
    assert (
        json.loads(paribus("status", "results/tiny", "--json", cwd=tmp_path).stdout)["failed"] == 4
    )
    assert paribus("run", path, cwd=tmp_path).returncode == 3


def table(folder, cwd):
    """Everything in the results but wall-clock times."""
    results = json.loads(paribus("results", folder, "--json", cwd=cwd).stdout)
    for trial in results["trials"]:
        del trial["seconds"]
    return results


def start(path, out, cwd):
    command = [
        sys.executable,
        "-c",
        "from paribus.cli.main import main; main()",
        "run",
        path,
        "--out",
        out,
    ]
    return subprocess.Popen(
        list(map(str, command)),
        cwd=cwd,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_ctrl_c_ends_soon_with_130_and_the_study_goes_on(study, tmp_path, tiny):
    path = study(train={**tiny["train"], "epochs": 40}, seeds=2)
    process = start(path, "out", tmp_path)
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("out/artifacts/*/checkpoint.safetensors")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    asked = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, text = process.communicate(timeout=20)
    assert time.monotonic() - asked < 2
    assert process.returncode == 130
    assert text.splitlines()[-1] == "interrupted: run the same command again to go on"
    assert paribus("run", path, "--out", "out", cwd=tmp_path).returncode in (0, 1)
    assert paribus("run", path, "--out", "whole", cwd=tmp_path).returncode in (0, 1)
    assert table("out", tmp_path) == table("whole", tmp_path)


@pytest.mark.slow
def test_kills_at_random_moments_lose_nothing(study, tmp_path, tiny):
    """Kill -9 during a study of 8 trials; what was acknowledged stays, and the end is the same.

    Named points are swept in `tests/api/rules/test_kill_sweep.py`.
    """
    import random
    import sqlite3

    path = study(train={**tiny["train"], "epochs": 8}, seeds=4)
    assert paribus("run", path, "--out", "whole", cwd=tmp_path).returncode in (0, 1)
    moments = random.Random(20)
    acknowledged = set()
    for _ in range(4):
        process = start(path, "killed", tmp_path)
        time.sleep(moments.uniform(2.0, 5.0))
        process.kill()
        process.communicate()
        database = tmp_path / "killed" / "paribus.db"
        if not database.exists():
            continue
        with sqlite3.connect(database, timeout=10) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
            done = set()
            if "trial" in tables:
                query = "SELECT identity, metrics FROM trial WHERE status = 'done'"
                done = {row[0] for row in connection.execute(query)}
        connection.close()
        assert acknowledged <= done
        acknowledged = done
    assert paribus("run", path, "--out", "killed", cwd=tmp_path).returncode in (0, 1)
    assert table("killed", tmp_path) == table("whole", tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounting needs root")
def test_a_full_disk_is_one_clear_error_and_the_study_goes_on(study, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(small)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this sandbox does not allow mounting a tmpfs")
    try:
        (small / "ballast").write_bytes(bytes(600_000))
        done = paribus("run", study(seeds=6), "--out", small / "out", cwd=tmp_path)
        assert done.returncode == 2
        assert "No space left" in done.stderr or "disk is full" in done.stderr
        assert "Free some space" in done.stderr
        assert "Traceback" not in done.stderr
        (small / "ballast").unlink()
        subprocess.run(["mount", "-o", "remount,size=50m", str(small)], check=True)
        after = paribus("run", study(seeds=6), "--out", small / "out", cwd=tmp_path)
        assert after.returncode in (0, 1), after.stderr
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_a_folder_that_cannot_be_written_is_said_before_anything_runs(study, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    done = paribus("run", study(), "--out", "file", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        "file: must be a folder that can be written to, got File exists. "
        "Choose another folder with --out, or change its permissions.\n"
    )


@pytest.mark.slow
def test_two_runs_in_one_folder_are_refused(study, tmp_path, tiny):
    path = study(train={**tiny["train"], "epochs": 300}, seeds=3)
    process = start(path, "out", tmp_path)
    try:
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob("out/artifacts/*/checkpoint.safetensors")):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        done = paribus("run", path, "--out", "out", cwd=tmp_path)
        assert done.returncode == 2
        assert done.stderr.startswith("out: must not be in use by another run")
    finally:
        process.kill()
        process.communicate()


def test_lines_in_a_pipe_say_how_many_trials_failed_or_are_missing(capsys):
    observe = _plain_observer()
    begun = Progress("trials", total_epochs=40, num_trials=4)
    lost = begun.with_loss(10)
    for now in (begun, lost, lost, lost.with_end(failed=True, remaining=10)):
        observe(now)
    assert capsys.readouterr().err.splitlines() == [
        "trials 0 %",
        "trials 20 %, 1 missing",
        "trials 50 %, 1 failed, 1 missing",
    ]
