"""The contract of stores, held by SQLite and PostgreSQL."""

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from paribus.errors import StoreError
from paribus.store.store import open_store
from paribus.testing.store import StoreContract


@pytest.fixture(scope="session")
def postgres_server():
    """A server on loopback, started and stopped here."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not found:
        pytest.skip("no PostgreSQL server binaries on this machine")
    folder = Path(tempfile.mkdtemp(prefix="paribus-postgres-"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if user:
        shutil.chown(folder, "postgres")
    data = folder / "data"

    def run(*command):
        subprocess.run([*user, *command], check=True, capture_output=True, cwd="/")

    run(f"{found[-1]}/initdb", "-D", str(data), "-U", "paribus", "-A", "trust", "-E", "UTF8")
    options = f"-c listen_addresses=127.0.0.1 -p {port} -c unix_socket_directories={folder}"
    run(
        f"{found[-1]}/pg_ctl",
        "-D",
        str(data),
        "-o",
        options,
        "-l",
        str(folder / "log"),
        "-w",
        "start",
    )
    yield f"postgresql+psycopg://paribus@127.0.0.1:{port}"
    run(f"{found[-1]}/pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
    shutil.rmtree(folder)


class TestSqlite(StoreContract):
    def place(self, folder):
        return folder / "store.db"


@pytest.mark.postgres
class TestPostgres(StoreContract):
    @pytest.fixture(autouse=True)
    def _database(self, postgres_server, tmp_path):
        from sqlalchemy import create_engine, text

        engine = create_engine(f"{postgres_server}/postgres", isolation_level="AUTOCOMMIT")
        self.name = f"test_{abs(hash(tmp_path)) % 10**9}"
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {self.name}"))
        engine.dispose()
        self.server = postgres_server

    def place(self, folder):
        return f"{self.server}/{self.name}"


def test_a_store_of_an_unknown_kind_is_one_clear_error():
    with pytest.raises(StoreError, match=r"--store: must be the URL of a store: sqlite://"):
        open_store("mongodb://127.0.0.1/paribus")
    with pytest.raises(StoreError, match="Did you mean 'postgresql'"):
        open_store("postgres://127.0.0.1/paribus")
