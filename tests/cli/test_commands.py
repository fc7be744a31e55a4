"""The commands as a person types them: exit codes, JSON, clear errors, and no tracebacks."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from ruamel.yaml import YAML

from paribus.api.run.progress import Progress
from paribus.cli.commands.studies.run import _plain_observer


def paribus(*arguments, cwd, **options):
    command = [
        sys.executable,
        "-c",
        "from paribus.cli.main import main; main()",
        *map(str, arguments),
    ]
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False, **options
    )


@pytest.fixture
def study(tiny, tmp_path):
    def write(**changes):
        path = tmp_path / "study.yaml"
        with path.open("w") as file:
            YAML(typ="safe", pure=True).dump({**tiny, **changes}, file)
        return path

    write()
    return write


def test_init_check_plan_run_status_results_report(tmp_path):
    done = paribus("init", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (
        0,
        "Wrote study.yaml. Next: paribus plan study.yaml\n",
    )
    again = paribus("init", cwd=tmp_path)
    assert again.returncode == 2
    assert again.stderr == (
        "study.yaml: must not exist yet, got an existing file. Choose another name, or add --force.\n"
    )
    checked = paribus("check", "study.yaml", cwd=tmp_path)
    assert checked.stdout == "study.yaml: valid. 2 variants x 10 seeds = 20 trials.\n"
    plan = json.loads(paribus("plan", "study.yaml", "--quick", "--json", cwd=tmp_path).stdout)
    assert {"study", "baseline", "variants", "seeds", "trials"} <= set(plan)
    assert [v["parameters"] for v in plan["variants"]] == [5130, 5130]
    assert plan["variants"][1]["changes"] == ["+ Dropout hidden_dropout after hidden"]
    run = paribus(
        "run", "study.yaml", "--seeds", "2", "--set", "train.epochs=1", "--json", cwd=tmp_path
    )
    assert run.returncode == 0, run.stderr
    results = json.loads(run.stdout)
    assert results["complete"] is True
    assert [t["status"] for t in results["trials"]] == ["done"] * 4
    out = tmp_path / "results" / "my-study"
    assert {"study.yaml", "resolved.yaml", "paribus.db", "artifacts", "report.html"} <= {
        p.name for p in out.iterdir()
    }
    assert json.loads(paribus("results", out, "--json", cwd=tmp_path).stdout) == results
    assert "4 of 4 trials done" in paribus("status", out, cwd=tmp_path).stdout
    before = (out / "report.html").read_bytes()
    assert paribus("report", out, cwd=tmp_path).returncode == 0
    assert (out / "report.html").read_bytes() == before
    assert paribus("results", out, "--csv", cwd=tmp_path).stdout.count("\n") == 5


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
            {"id": "learns", "says": "good > none on accuracy"},
            {"id": "open", "says": "same > none on loss", "margin": 0.0},
        ],
    )
    done = paribus("run", path, "--json", cwd=tmp_path)
    results = json.loads(done.stdout)
    assert results["complete"] is True
    counts = {row["name"]: row["n"] for row in results["variants"]}
    learns, still = results["claims"]
    assert (learns["verdict"], learns["n"], learns["look"]) == ("supported", 5, 1)
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
    assert text in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_the_json_of_results_has_the_documented_keys(study, tmp_path):
    run = paribus("run", study(), "--json", cwd=tmp_path)
    results = json.loads(run.stdout)
    assert {
        "study",
        "complete",
        "trials",
        "variants",
        "effects",
        "claims",
        "missing",
        "overview",
        "published",
        "selected",
        "findings",
    } == set(results)
    assert {"variant", "levels", "seed", "status", "epochs", "seconds", "metrics"} <= set(
        results["trials"][0]
    )
    assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= set(results["trials"][0]["metrics"])
    assert {"name", "levels", "n", "metrics"} <= set(results["variants"][0])
    assert {"mean", "low", "high", "std"} == set(results["variants"][0]["metrics"]["val_accuracy"])
    effect = {"variant", "baseline", "metric", "estimate", "low", "high", "n", "verdict", "q"}
    assert effect == set(results["effects"][0])
    claim = {"id", "says", "verdict", "estimate", "low", "high", "n", "published"}
    assert claim <= set(results["claims"][0])
    assert {"check", "severity", "where", "evidence", "advice", "variants"} == set(
        results["findings"][0]
    )


def test_bad_input_gives_every_problem_and_exit_code_2(study, tmp_path):
    path = study(epochs=3, seeds="ten")
    done = paribus("run", path, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "study.yaml" in done.stderr
    assert "epochs: is not a known key" in done.stderr
    assert "seeds: " in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "results").exists()
    report = json.loads(paribus("check", path, "--json", cwd=tmp_path).stdout)
    assert report["valid"] is False
    assert len(report["problems"]) == len(done.stderr.splitlines())


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("run", "nowhere.yaml"), "nowhere.yaml: must be a readable study file, got No such file or directory."),
        (("status", "nowhere"), "nowhere: must be the output folder of a run (with paribus.db in it), got no such folder."),
        (("run", "study.yaml", "--only", "sme"), "--only: must name a variant, got 'sme'. Did you mean 'some'?"),
        (("plan", "study.yaml", "--set", "train.epocs=1"), "--set: train.epocs: is not a known key. Did you mean 'epochs'?"),
        (("plan", "study.yaml", "--set", "train.augment=[flop]"), "--set: train.augment.0: must name one that exists, got 'flop'. Did you mean 'flip'?"),
        (("plan", "study.yaml", "--set", "train.augment=[flip, flip]"), "--set: train.augment.1: must occur only once, got 'flip'."),
        (("plan", "study.yaml", "--set", "train.augment=[{cutout: {size: 9}}]"), "study.yaml:25: train.augment.cutout: size must be at most the image's side, 8, got {'size': 9}."),
        (("plan", "study.yaml", "--set", "train.epochs"), "--set: must be PATH=VALUE, got 'train.epochs'."),
    ],
)  # fmt: skip
def test_each_wrong_argument_has_one_clear_error(study, tmp_path, arguments, text):
    done = paribus(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(text)
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


@pytest.mark.slow
def test_another_study_is_refused_in_the_same_folder(study, tmp_path):
    paribus("run", study(seeds=1), "--out", "out", cwd=tmp_path)
    done = paribus("run", study(study="other"), "--out", "out", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        "out: holds the results of the study 'tiny', got the study 'other'. Choose another folder with --out.\n"
    )


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


def test_a_truncated_data_file_is_named(study, tmp_path, tiny):
    (tmp_path / "images.npz").write_bytes(b"PK\x03\x04 cut short")
    done = paribus("run", study(data={**tiny["data"], "source": "images.npz"}), cwd=tmp_path)
    assert done.returncode == 2
    assert "images.npz: must be a .npz archive of plain arrays" in done.stderr
    assert "Traceback" not in done.stderr


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


@pytest.mark.parametrize("command", ["init", "check", "plan", "run", "status", "results", "report"])
def test_every_command_has_help_with_an_example(command, tmp_path):
    done = paribus(command, "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert "Example: paribus" in done.stdout


@pytest.mark.slow
def test_a_script_without_a_main_guard_runs_its_study_once(study, tmp_path):
    study()
    script = tmp_path / "script.py"
    script.write_text(
        "import paribus\nprint('begun')\nresults = paribus.load('study.yaml').run()\nprint(len(results.frame()))\n"
    )
    done = subprocess.run(
        [sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout == "begun\n4\n"
    assert (tmp_path / "results" / "tiny" / "report.html").exists()


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
