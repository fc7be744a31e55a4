"""The commands as a person types them: exit codes, JSON, clear errors, and no tracebacks."""

import json
import subprocess
import sys

import pytest

from tests.cli.typed import invoke, paribus


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
    done = invoke(*arguments, cwd=tmp_path)
    assert done.exit_code == 2
    assert done.stderr.startswith(text)
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_another_study_is_refused_in_the_same_folder(study, tmp_path):
    invoke("run", study(seeds=1), "--out", "out", cwd=tmp_path)
    done = invoke("run", study(study="other"), "--out", "out", cwd=tmp_path)
    assert done.exit_code == 2
    assert done.stderr == (
        "out: holds the results of the study 'tiny', got the study 'other'. Choose another folder with --out.\n"
    )


def test_a_truncated_data_file_is_named(study, tmp_path, tiny):
    (tmp_path / "images.npz").write_bytes(b"PK\x03\x04 cut short")
    done = invoke("run", study(data={**tiny["data"], "source": "images.npz"}), cwd=tmp_path)
    assert done.exit_code == 2
    assert "images.npz: must be a .npz archive of plain arrays" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["init", "check", "plan", "run", "status", "results", "report"])
def test_every_command_has_help_with_an_example(command, tmp_path):
    done = invoke(command, "--help", cwd=tmp_path)
    assert done.exit_code == 0
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
