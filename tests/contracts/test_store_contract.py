"""The contract of stores, held by SQLite and PostgreSQL."""

import pytest

from paribus.errors import StoreError
from paribus.store.store import open_store
from paribus.testing.store import StoreContract


class TestSqlite(StoreContract):
    def place(self, folder):
        return folder / "store.db"


class TestSqliteUrl(StoreContract):
    def place(self, folder):
        return f"sqlite:///{folder}/störe of ours.db"


@pytest.mark.postgres
class TestPostgres(StoreContract):
    @pytest.fixture(autouse=True)
    def _database(self, postgres_database):
        self.database = postgres_database

    def place(self, folder):
        return self.database


def test_a_store_of_an_unknown_kind_is_one_clear_error():
    with pytest.raises(StoreError, match=r"--store: must be the URL of a store: sqlite://"):
        open_store("mongodb://127.0.0.1/paribus")
    with pytest.raises(StoreError, match="Did you mean 'postgresql'"):
        open_store("postgres://127.0.0.1/paribus")
