"""What was made under the old name is found, read and taken over, whatever happens on the way."""

import copy
import os
import shutil
import sqlite3
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import paribus
from paribus.api.run.folder import database_of, own_database
from paribus.api.run.running import RunOptions
from paribus.data.sources import named_sources
from paribus.data.sources.base.official import search_folders
from paribus.errors import StoreError
from paribus.serve.pages import Library
from paribus.store.rows import trial_of
from tests.conftest import TINY

OPTIONS = RunOptions(jobs=1)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished run of today."""
    folder = tmp_path_factory.mktemp("run") / "out"
    paribus.from_mapping(copy.deepcopy(TINY)).run(folder, options=OPTIONS)
    return folder


@pytest.fixture
def old(finished, tmp_path):
    """The same folder as it was under the old name."""
    folder = tmp_path / "out"
    shutil.copytree(finished, folder)
    (folder / "paribus.db").rename(folder / "ceteris.db")
    return folder


def table(results):
    return results.frame().drop(columns=["wall_seconds"], errors="ignore")


def names(folder):
    return {path.name for path in folder.iterdir()}


def test_an_old_folder_is_read_where_it_lies(old, finished):
    before = names(old)
    assert table(paribus.open_results(old)).equals(table(paribus.open_results(finished)))
    assert [page.folder for page in Library(old.parent).pages()] == [old]
    assert Library(old).single.folder == old
    shown = subprocess.run(
        [sys.executable, "-m", "paribus", "status", str(old)], capture_output=True, text=True
    )
    assert "4 of 4 trials done" in shown.stdout
    assert names(old) == before


@pytest.mark.slow
def test_the_next_run_takes_it_over_and_trains_nothing_again(old, finished):
    results = paribus.from_mapping(copy.deepcopy(TINY)).run(old, options=OPTIONS)
    assert table(results).equals(table(paribus.open_results(finished)))
    assert "ceteris.db" not in names(old)
    assert database_of(old).name == "paribus.db"
    assert [trial.attempts for trial in results.summary.trials] == [1, 1, 1, 1]


def test_what_stands_in_the_log_of_an_old_database_is_taken_over(tmp_path):
    with sqlite3.connect(tmp_path / "ceteris.db") as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE kept (value)")
        connection.execute("INSERT INTO kept VALUES (1)")
        connection.commit()
        for ending in ("", "-wal", "-shm"):  # as a killed process leaves them
            shutil.copyfile(tmp_path / f"ceteris.db{ending}", tmp_path / f"copy{ending}")
    connection.close()
    for ending in ("", "-wal", "-shm"):
        (tmp_path / f"copy{ending}").replace(tmp_path / f"ceteris.db{ending}")
    assert own_database(tmp_path).name == "paribus.db"
    assert names(tmp_path) == {"paribus.db"}
    with sqlite3.connect(tmp_path / "paribus.db") as connection:
        assert connection.execute("SELECT value FROM kept").fetchall() == [(1,)]
    connection.close()


@pytest.mark.slow
@pytest.mark.parametrize("point", ["database.rename", "database.folder"])
def test_a_kill_while_it_is_taken_over_loses_nothing(old, finished, tmp_path, point):
    study = tmp_path / "study.yaml"
    shutil.copyfile(old / "study.yaml", study)
    run = [sys.executable, "-m", "paribus", "run", str(study), "--out", str(old), "--jobs", "1"]
    environment = {**os.environ, "PARIBUS_FAILPOINT": f"{point}:1"}
    assert subprocess.run(run, env=environment, check=False).returncode == -9
    assert table(paribus.open_results(old)).equals(table(paribus.open_results(finished)))
    assert subprocess.run(run, check=False).returncode in {0, 1}
    assert table(paribus.open_results(old)).equals(table(paribus.open_results(finished)))
    assert names(old) >= {"paribus.db"}
    assert "ceteris.db" not in names(old)


def test_a_damaged_old_database_is_named_as_it_is_called(old):
    (old / "ceteris.db").write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError, match=r"ceteris\.db"):
        paribus.open_results(old)
    with pytest.raises(StoreError, match=r"ceteris\.db"):
        paribus.from_mapping(copy.deepcopy(TINY)).run(old, options=OPTIONS)
    assert "paribus.db" not in names(old)


def test_the_new_database_wins_where_both_are(old, finished):
    shutil.copyfile(finished / "paribus.db", old / "paribus.db")
    (old / "ceteris.db").write_bytes(b"older")
    assert own_database(old) == database_of(old) == old / "paribus.db"
    assert table(paribus.open_results(old)).equals(table(paribus.open_results(finished)))
    assert (old / "ceteris.db").read_bytes() == b"older"


def test_the_version_in_an_old_environment_is_that_of_this_program():
    text = '{"ceteris": "0.1.0", "torch": "2.13.0"}'
    row = SimpleNamespace(
        **dict.fromkeys(("identity", "variant", "fit_on", "status", "reason"), ""),
        **dict.fromkeys(("seed", "attempts", "epochs", "wall_seconds", "first_nonfinite"), 0),
        **dict.fromkeys(("levels", "metrics", "observed"), "{}"),
        environment=text,
    )
    assert trial_of(row, ()).environment == {"paribus": "0.1.0", "torch": "2.13.0"}


@pytest.mark.data
def test_the_old_variable_is_honoured_with_a_note(real_data, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    plain = named_sources()["mnist"].load()
    assert not any("CETERIS_DATA" in note for note in plain.notes)
    monkeypatch.setenv("CETERIS_DATA", str(real_data))
    assert named_sources()["mnist"].load().notes == plain.notes, "the new one wins"
    monkeypatch.delenv("PARIBUS_DATA")
    found = named_sources()["mnist"].load()
    assert found.notes == (
        *plain.notes,
        "found by CETERIS_DATA, which is called PARIBUS_DATA now",
    )
    np.testing.assert_array_equal(found.labels, plain.labels)
    assert found.fingerprint == plain.fingerprint


def test_what_was_downloaded_under_the_old_name_is_found(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("PARIBUS_DATA", raising=False)
    monkeypatch.delenv("CETERIS_DATA", raising=False)
    source = named_sources()["mnist"]
    assert search_folders(source.folder, source.torchvision) == [
        tmp_path / "paribus" / source.folder,
        tmp_path / "ceteris" / source.folder,
    ]
