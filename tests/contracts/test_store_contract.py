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


@pytest.mark.postgres
def test_an_empty_database_is_said_to_be_empty_and_stays_so(postgres_database):
    for _ in range(2):
        with pytest.raises(
            StoreError, match=r"must hold the results of a run, got nothing\. Run a"
        ):
            open_store(postgres_database, read_only=True)


def test_a_store_of_an_unknown_kind_is_one_clear_error():
    with pytest.raises(StoreError, match=r"--store: must be the URL of a store: sqlite://"):
        open_store("mongodb://127.0.0.1/paribus")
    with pytest.raises(StoreError, match="Did you mean 'postgresql'"):
        open_store("postgres://127.0.0.1/paribus")
