"""A damaged database: one clear error that names the file, and never another number."""

import json
import random
import sqlite3

import pytest

from paribus.errors import StoreError
from paribus.store.store import open_store
from tests.store.test_read_only import WHOLE, fill, read

NUMBERS = ["1e999", "-1e999", "NaN", "1" + "0" * 400, '"0.5"', "true", "null", "[0.5]"]
GARBAGE = ["", "{", "[]", "0.5", '"x"', "null", "[" * 50_000, '{"loss": 1' + "0" * 5000 + "}"]


def change(path, sql, *values):
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute(sql, values)
    connection.close()


def without_seals(path):
    """Make it as an earlier version left it."""
    for table in ("trial", "epoch", "look"):
        change(path, f"UPDATE {table} SET seal = NULL")


def refusal(path, *, read_only=True):
    with pytest.raises(StoreError) as caught, open_store(path, read_only=read_only) as store:
        store.registrations()
        store.trials()
        store.looks()
    text = str(caught.value)
    assert text.startswith(f"{path}: must ")
    assert "\n" not in text
    return text


COLUMNS = [
    *((("trial"), name) for name in ("metrics", "observed", "environment", "levels")),
    ("epoch", "metrics"),
]


@pytest.mark.parametrize("sealed", [True, False])
@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_garbage_in_a_column_of_json_is_refused(tmp_path, table, column, sealed):
    for text in GARBAGE:
        (tmp_path / "a.db").unlink(missing_ok=True)
        path = fill(tmp_path / "a.db")
        change(path, f"UPDATE {table} SET {column} = ?", text)
        if not sealed:
            without_seals(path)
        for read_only in (True, False):
            assert f"in the table {table}" in refusal(path, read_only=read_only)


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_of_old_rows_are_numbers(tmp_path, number):
    path = fill(tmp_path / "a.db")
    change(path, "UPDATE trial SET metrics = ?", f'{{"loss": {number}}}')
    assert "their SHA-256 differs" in refusal(path) or "as metrics" in refusal(path)
    without_seals(path)
    if number in ("1e999", "-1e999", "NaN"):  # a trial that diverged has them
        assert repr(read(path)[0]["loss"]) == repr(json.loads(number))
    else:
        assert "as metrics" in refusal(path)


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        *(("trial", "seed", value) for value in (1, "x", 0.5, b"x")),
        *(("trial", "variant", value) for value in ("other", 5.5, b"\xff")),
        *(("trial", "epochs", value) for value in (2, "many")),
        *(("trial", "wall_seconds", value) for value in (3.0, "long")),
        *(("trial", "fit_on", value) for value in ("test", "train+validation")),
        ("trial", "status", "finished"),
        *(("epoch", "learning_rate", value) for value in (0.02, "fast")),
        *(("epoch", "epoch", value) for value in (2, "one")),
        *(("look", "purpose", value) for value in ("none", b"\x00\xff")),
        *(("registration", column, "x") for column in ("study_yaml", "manifest", "content")),
    ],
)
def test_another_value_is_noticed(tmp_path, table, column, value):
    path = fill(tmp_path / "a.db")
    change(path, f"UPDATE {table} SET {column} = ?", value)
    refusal(path)
    refusal(path, read_only=False)


def test_what_is_to_be_done_may_be_changed_by_hand(tmp_path):
    path = fill(tmp_path / "a.db")
    change(path, "UPDATE trial SET status = 'failed', reason = 'by hand', attempts = 7")
    with open_store(path) as store:
        (trial,) = store.trials()
    assert (trial.status, trial.reason, trial.attempts) == ("failed", "by hand", 7)


@pytest.mark.parametrize(
    "content", [b"", b"a text\n" * 500, b"SQLite format 3\0", b"SQLite format 3\0" + b"\xff" * 9000]
)
def test_a_file_that_is_no_database_is_refused(tmp_path, content):
    path = tmp_path / "a.db"
    path.write_bytes(content)
    refusal(path)


def test_a_folder_is_refused(tmp_path):
    (tmp_path / "a.db").mkdir()
    for read_only in (True, False):
        refusal(tmp_path / "a.db", read_only=read_only)


def test_somebody_elses_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "a.db"
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("CREATE TABLE friends (name TEXT)")
    connection.close()
    before = path.read_bytes()
    for read_only in (True, False):
        assert "got other tables (friends)" in refusal(path, read_only=read_only)
    assert path.read_bytes() == before


@pytest.mark.parametrize("missing", ["trial", "epoch", "look", "registration"])
def test_a_missing_table_is_said(tmp_path, missing):
    path = fill(tmp_path / "a.db")
    change(path, "PRAGMA foreign_keys=OFF")
    change(path, f"DROP TABLE {missing}")
    assert f"no such table: {missing}" in refusal(path)


@pytest.mark.parametrize("read_only", [True, False])
def test_no_cut_and_no_flipped_bit_gives_another_number(tmp_path, read_only):
    """Many thousand mutations are in the sweep; these are quick ones, by a fixed draw."""
    path, draw = fill(tmp_path / "a.db"), random.Random(5)
    content, refused = path.read_bytes(), 0
    for _ in range(150):
        changed = bytearray(content)
        if draw.random() < 0.3:
            changed = changed[: draw.randrange(len(content))]
        else:
            changed[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
        path.write_bytes(changed)
        try:
            with open_store(path, read_only=read_only) as store:
                (trial,) = store.trials()
                found = trial.metrics, len(trial.curves), len(store.looks())
                known = (*found, len(store.registrations()))
        except StoreError as error:
            assert str(error).startswith(str(path))
            refused += 1
        else:
            assert known == WHOLE
    assert refused > 30
