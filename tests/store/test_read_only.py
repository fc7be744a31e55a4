"""Readers leave no trace: no file beside the database, nothing upgraded, also where nothing can be written."""

import hashlib
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from paribus.errors import StoreError
from paribus.records import EpochRecord, Look, Trial, TrialOutcome, Variant
from paribus.store.store import open_store

VARIANT = Variant("wide", {"f": "l"}, {}, {}, {})
RECORD = EpochRecord(1, {"loss": 0.5, "val_accuracy": float("nan")}, 0.1, 10.0, 0.01)


def fill(path):
    with open_store(path) as store:
        store.register("s", "text", "{}", "now")
        store.add_trials([Trial("a" * 64, VARIANT, 0)])
        store.begin_attempt("a" * 64, {"torch": "2"})
        store.record_epoch("a" * 64, RECORD)
        store.finish("a" * 64, TrialOutcome("done", 1, 2.0, {"loss": 0.5}))
        store.record_test({"test_loss": 0.25}, Look("a" * 64, "wide", 0, "final", "now"))
    return path


def read(path):
    with open_store(path, read_only=True) as store:
        (trial,) = store.trials()
        return trial.metrics, len(trial.curves), len(store.looks()), len(store.registrations())


WHOLE = ({"loss": 0.5, "test_loss": 0.25}, 1, 1, 1)


def switch(path, mode):
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA journal_mode={mode}")
    connection.close()


def killed(path, change, mode):
    """Leave what a process leaves that is killed in the middle: a log, or a hot journal."""
    code = (
        "import os, sqlite3, sys\n"
        "c = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        f"c.execute('PRAGMA journal_mode={mode}')\n"
        "c.execute('PRAGMA cache_size=1'); c.execute('PRAGMA cache_spill=1')\n"
        f"{change}\n"
        "os._exit(9)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert done.returncode == 9


def snapshot(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
def test_a_reader_makes_no_file(tmp_path, mode):
    path = fill(tmp_path / "a.db")
    switch(path, mode)
    before = snapshot(tmp_path)
    assert read(path) == WHOLE
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
def test_a_read_only_folder_is_read(tmp_path, unwritable, mode):
    (tmp_path / "x").mkdir()
    switch(fill(tmp_path / "x" / "a.db"), mode)
    folder = unwritable(tmp_path / "x")
    with pytest.raises(OSError):
        (folder / "new").touch()
    assert read(folder / "a.db") == WHOLE


def test_what_a_killed_writer_has_logged_is_read(tmp_path, unwritable):
    (tmp_path / "x").mkdir()
    path = fill(tmp_path / "x" / "a.db")
    killed(path, "c.execute(\"UPDATE trial SET reason = 'said'\")", "WAL")
    assert Path(f"{path}-wal").stat().st_size
    assert read(path) == WHOLE
    folder = unwritable(tmp_path / "x")
    with open_store(folder / "a.db", read_only=True) as store:
        assert store.trials()[0].reason == "said"
    Path(f"{path}-shm").unlink()
    before = snapshot(tmp_path / "x")
    with open_store(path, read_only=True) as store:
        assert store.trials()[0].reason == "said"
    assert snapshot(tmp_path / "x") == before


def test_a_hot_journal_is_rolled_back_in_a_copy(tmp_path, unwritable):
    (tmp_path / "x").mkdir()
    path = fill(tmp_path / "x" / "a.db")
    change = (
        "c.execute('BEGIN')\n"
        "c.execute(\"UPDATE trial SET metrics = '{}'\")\n"
        "c.executemany('INSERT INTO registration (study, content, study_yaml, manifest, at) "
        "VALUES (?, ?, ?, ?, ?)', [('s', str(k), 'x' * 3000, '', '') for k in range(300)])\n"
    )
    killed(path, change, "DELETE")
    assert Path(f"{path}-journal").stat().st_size
    assert read(unwritable(tmp_path / "x") / "a.db") == WHOLE


def test_a_reader_does_not_wait_for_a_writer_that_thinks(tmp_path):
    path = fill(tmp_path / "a.db")
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("UPDATE trial SET status = 'failed'")
    assert read(path) == WHOLE
    with open_store(path, read_only=True) as store:
        assert store.trials()[0].status == "done"
    writer.execute("ROLLBACK")
    writer.close()


def test_an_older_schema_is_read_and_not_upgraded(tmp_path):
    path = fill(tmp_path / "a.db")
    with sqlite3.connect(path) as connection:
        for table in ("trial", "epoch", "look"):
            connection.execute(f"ALTER TABLE {table} DROP COLUMN seal")
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    connection.close()
    before = snapshot(tmp_path)
    assert read(path) == WHOLE
    assert snapshot(tmp_path) == before
    with open_store(path) as store:  # a run upgrades it, and believes what it finds
        assert store.trials()[0].metrics == WHOLE[0]
        store.finish("a" * 64, TrialOutcome("done", 1, 2.0, {"loss": 0.75}))
    with sqlite3.connect(path) as connection:
        connection.execute("""UPDATE trial SET metrics = '{"loss": 0.7}'""")
    connection.close()
    with pytest.raises(StoreError, match="their SHA-256 differs"):
        read(path)


def test_a_reader_cannot_write(tmp_path):
    path = fill(tmp_path / "a.db")
    with (
        open_store(path, read_only=True) as store,
        pytest.raises(StoreError, match="attempt to write a readonly database"),
    ):
        store.add_trials([Trial("b" * 64, VARIANT, 1)])


@pytest.mark.parametrize("content", [b"", None])
def test_nothing_to_read_is_said(tmp_path, content):
    path = tmp_path / "a.db"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StoreError, match=r"must hold the results of a run|No such file"):
        open_store(path, read_only=True)
    assert path.exists() == (content is not None)
