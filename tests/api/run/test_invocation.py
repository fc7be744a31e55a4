"""A run goes on as it was run, from its folder alone."""

import json

import pytest
from typer.testing import CliRunner

import paribus
from paribus.api.run.invocation import kept_invocation
from paribus.api.run.running import RunOptions
from paribus.cli.main import app
from paribus.errors import StoreError

pytestmark = pytest.mark.slow

runner = CliRunner()
STUDY = {
    "study": "again",
    "data": {"source": "digits", "split": {"train": 0.2, "validation": 0.2, "test": 0.6}},
    "model": {"layers": ["Flatten", {"Dense": {"units": 10, "activation": "softmax"}}]},
    "train": {"optimizer": "Adam", "epochs": 5, "batch_size": 64},
    "seeds": 10,
    "factors": {
        "rate": {"low": None, "high": {"set": {"train.optimizer.Adam.learning_rate": 0.1}}}
    },
}


@pytest.fixture
def run_folder(tmp_path):
    options = RunOptions(jobs=1, seeds=2, overrides=("train.epochs=1",), only=("low",))
    paribus.from_mapping(STUDY, base=tmp_path).run(tmp_path / "out", options=options)
    return tmp_path / "out"


def test_the_options_of_a_run_are_kept(run_folder, tmp_path):
    found = kept_invocation(run_folder)
    assert (found.seeds, found.overrides, found.only) == (2, ("train.epochs=1",), ("low",))
    assert found.base == str(tmp_path)


def test_running_a_folder_goes_on_as_before_and_trains_nothing_anew(run_folder):
    before = paribus.open_results(run_folder)
    found = runner.invoke(app, ["run", str(run_folder), "--json"])
    assert found.exit_code in (0, 1), found.stderr
    assert [t["seconds"] for t in json.loads(found.stdout)["trials"]] == [
        trial.wall_seconds for trial in before.summary.trials
    ]


def test_options_on_the_command_line_come_first(run_folder):
    found = runner.invoke(app, ["run", str(run_folder), "--seeds", "3", "--json"])
    trials = json.loads(found.stdout)["trials"]
    assert sorted((t["variant"], t["seed"], t["epochs"]) for t in trials) == [
        ("low", seed, 1) for seed in range(3)
    ]


def test_a_folder_without_a_run_and_a_damaged_file_are_one_clear_error(run_folder, tmp_path):
    found = runner.invoke(app, ["run", str(tmp_path)])
    assert found.exit_code == 2
    assert "must be the output folder of a run" in found.stderr
    (run_folder / "run.json").write_text("{")
    with pytest.raises(StoreError, match=r"run\.json: must hold the options of a run"):
        kept_invocation(run_folder)


def test_a_run_without_its_baseline_has_a_report_tables_and_pictures(tmp_path):
    rates = {"mid": 0.01, "high": 0.1}
    edits = {name: {"set": {"train.optimizer.Adam.learning_rate": r}} for name, r in rates.items()}
    study = {**STUDY, "factors": {"rate": {"low": None, **edits}}}
    options = RunOptions(jobs=1, seeds=2, overrides=("train.epochs=1",), only=("mid", "high"))
    paribus.from_mapping(study, base=tmp_path).run(tmp_path / "out", options=options)
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<strong>low</strong>, which this run left out." in text
    assert "Framed in orange: layers that differ from mid." in text
    results = paribus.open_results(tmp_path / "out")
    assert results.summary.selected.variant == "high"
    assert "Where high and mid err differently" in text
    assert results.plot.model().svg.startswith("<svg")
    assert list(results.tables.layers()["type"]) == ["Flatten", "Dense"]
    out = str(tmp_path / "out")
    commands = (
        ["status", out],
        ["results", out],
        ["figures", out, str(tmp_path / "figures")],
        ["report", out, "--format", "md"],
    )
    for command in commands:
        found = runner.invoke(app, command)
        assert found.exit_code == 0, (command, found.output, found.exception)
