"""SQLite's own troubles: damaged, newer, read-only; and the schema that migrations make."""

import sqlite3

import pytest
from sqlalchemy import inspect

from paribus.errors import StoreError
from paribus.store import columns as tables
from paribus.store.schema import HEAD
from paribus.store.store import open_store


def refusal(path):
    with pytest.raises(StoreError) as caught:
        open_store(path)
    return str(caught.value)


def test_migrations_make_the_schema_of_the_tables(tmp_path):
    with open_store(tmp_path / "a.db") as store:
        inspector = inspect(store._engine)
        for table in tables.metadata.sorted_tables:
            columns = {c["name"]: c["nullable"] for c in inspector.get_columns(table.name)}
            assert columns == {c.name: bool(c.nullable) for c in table.columns}
            keys = inspector.get_pk_constraint(table.name)["constrained_columns"]
            assert keys == [c.name for c in table.primary_key.columns]


def test_a_file_that_is_no_database_is_said_so(tmp_path):
    path = tmp_path / "a.db"
    path.write_bytes(b"this is not a database" * 100)
    assert refusal(path) == (
        f"{path}: must be a database that can be read and written, got file is not a database. "
        "The file is damaged: restore it from a copy, or choose another folder with --out."
    )


def test_a_truncated_database_is_said_so(tmp_path):
    path = tmp_path / "a.db"
    with open_store(path) as store:
        store.register("s", "x" * 50_000, "{}", "now")
    path.write_bytes(path.read_bytes()[:9000])
    with pytest.raises(StoreError, match="The file is damaged"), open_store(path) as store:
        store.registrations()


def test_a_newer_schema_is_refused_politely(tmp_path):
    path = tmp_path / "a.db"
    open_store(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    assert refusal(path) == (
        f"{path}: must have a schema this version knows (up to {HEAD}), got 9999. "
        "Update paribus, or choose another folder with --out."
    )


def test_a_missing_folder_is_said_so(tmp_path):
    text = refusal(tmp_path / "nowhere" / "a.db")
    assert "unable to open database file" in text
    assert "Check the permissions of the folder" in text


def test_results_are_synced_to_disk(tmp_path):
    with open_store(tmp_path / "a.db") as store, store._transaction() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2
        safe = sqlite3.sqlite_version_info >= (3, 51, 3)
        mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
    assert mode == ("wal" if safe else "delete")
