"""`paribus status`: counts per variant, running trials with their curves, failures once, what comes next."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

import paribus
from paribus.cli.main import app
from tests.scope_study import STUDY

pytestmark = pytest.mark.slow

LONG = "a-level-with-a-name-that-nobody-would-type-but-somebody-did"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("status") / "my out"
    factors = {"width": STUDY["factors"]["width"], "drop": {LONG: None, "some": {"set": {"train.epochs": 4}}}}  # fmt: skip
    study = {**STUDY, "seeds": 3, "factors": factors, "published": {}}
    paribus.from_mapping(study).run(folder)
    return folder


@pytest.fixture
def stopped(run):
    """The same run in the middle: two failed, one running with two epochs, one not begun."""
    with sqlite3.connect(run / "paribus.db") as database:
        before = database.execute("SELECT identity, status, reason FROM trial").fetchall()
        epochs = database.execute("SELECT * FROM epoch").fetchall()
        change = "UPDATE trial SET status = ?, reason = ? WHERE variant = ? AND seed = ?"
        for seed in (0, 2):
            database.execute(
                change, ("failed", "the loss is \x1b[31m[red]nan[/red]", "small/some", seed)
            )
        database.execute(change, ("running", None, "large/some", 1))
        database.execute(change, ("pending", None, "large/some", 2))
        database.execute(
            "DELETE FROM epoch WHERE epoch > 2 AND identity IN "
            "(SELECT identity FROM trial WHERE variant = 'large/some' AND seed = 1)"
        )
    yield run
    with sqlite3.connect(run / "paribus.db") as database:
        database.executemany(
            "UPDATE trial SET status = ?2, reason = ?3 WHERE identity = ?1", before
        )
        holes = ", ".join("?" * len(epochs[0]))
        database.executemany(f"INSERT OR REPLACE INTO epoch VALUES ({holes})", epochs)


def invoke(folder, *arguments, columns="80"):
    found = CliRunner().invoke(app, ["status", str(folder), *arguments], env={"COLUMNS": columns})
    assert found.exit_code == 0, found.output
    return found.stdout


def test_a_finished_run_says_so_and_where_its_numbers_are(run):
    text = invoke(run)
    assert "scope: 12 of 12 trials done\n" in text.replace("  ", "")
    assert f"paribus results '{run}'" in text
    assert "Failed" not in text


def test_a_stopped_run_shows_what_runs_what_failed_and_how_to_go_on(stopped):
    text = invoke(stopped)
    assert "8 of 12 trials done, 1 interrupted, 2 failed, 1 pending" in text
    assert "small/some, seed 0, 2: the loss is" in text.replace("\n", " ")
    assert "[red]nan[/red]" in text
    assert "\x1b" not in text
    assert "2 of 4" in text
    assert f"paribus run '{stopped}'" in text
    first = next(line for line in text.splitlines() if line.startswith(" large/some"))
    assert first.split()[2:] == ["1", "1", "1"]


@pytest.mark.parametrize("columns", ["80", "60"])
def test_it_fits_whatever_the_names_but_for_the_command_to_copy(stopped, columns):
    *lines, command = invoke(stopped, columns=columns).splitlines()
    assert max(map(cell_len, lines)) <= int(columns)
    assert command.startswith("   paribus run ")


def test_json_keeps_its_fields_and_says_more(stopped):
    found = json.loads(invoke(stopped, "--json"))
    assert {"study", "complete", "total", "done", "running", "failed", "pending", "failures"} <= set(found)  # fmt: skip
    assert (found["done"], found["running"], found["failed"], found["pending"]) == (8, 1, 2, 1)
    assert found["failures"][0].startswith("small/some, seed 0: the loss")
    rows = {row["name"]: row for row in found["variants"]}
    assert rows["large/some"] == {"name": "large/some", "done": 1, "running": 1, "failed": 0, "pending": 1}  # fmt: skip
    (trial,) = found["running_trials"]
    assert (trial["variant"], trial["seed"], trial["epoch"], trial["epochs"]) == (
        "large/some",
        1,
        2,
        4,
    )
    assert len(trial["curve"]) == 2


def test_counts_of_variants_add_up(stopped):
    status = paribus.api.status(stopped)
    for word in ("done", "running", "failed", "pending"):
        assert sum(getattr(row, word) for row in status.variants) == status.counts[word]


def test_a_run_at_work_is_told_from_one_that_was_interrupted(stopped):
    from paribus.api.run.folder import locked

    assert "The run was interrupted. This goes on:" in invoke(stopped)
    with locked(stopped):
        busy = invoke(stopped)
        assert json.loads(invoke(stopped, "--json"))["at_work"]
    assert "A run is at work. To watch it:" in busy
    assert f"paribus serve '{stopped}'" in busy


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("command", [["results"], ["results", "--json"], ["status"]])
def test_a_full_disk_behind_standard_output_is_one_clear_error(run, command):
    arguments = [sys.executable, "-m", "paribus", command[0], str(run), *command[1:]]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(arguments, stdout=full, stderr=-1, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "standard output: must be writable, got No space left on device. Free some space.\n"  # fmt: skip


@pytest.mark.slow
def test_closed_outputs_and_input_do_no_harm_to_a_run(tiny, tmp_path):
    """A file or socket that takes the number of a closed output would be written over."""
    study = tmp_path / "study.yaml"
    study.write_text(json.dumps(tiny))
    run = [sys.executable, "-m", "paribus", "run", str(study), "--out", str(tmp_path / "out")]
    closed = ["/bin/sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *run]
    assert subprocess.run(closed, check=False, timeout=120).returncode in {0, 1}
    assert (tmp_path / "out" / "report.html").is_file()
