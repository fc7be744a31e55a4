"""What every store promises, on SQLite and on PostgreSQL."""

import contextlib
import math
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from paribus.records import EpochRecord, Look, Trial, TrialOutcome, Variant
from paribus.store.store import open_store

VARIANT = Variant("größe/😀 <b>", {"size": "😀"}, {}, {}, {})


def make(identity="a" * 64, seed=0, **more):
    return Trial(identity, Variant("v", {"f": "l"}, {}, {}, {}), seed, **more)


def record(epoch=1, loss=0.5):
    return EpochRecord(epoch, {"loss": loss, "accuracy": 0.25}, 1.5, 100.0, 0.1)


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


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request, tmp_path):
    if request.param == "sqlite":
        return tmp_path / "store.db"
    server = request.getfixturevalue("postgres_server")
    from sqlalchemy import create_engine, text

    engine = create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    name = f"test_{abs(hash(request.node.name)) % 10**9}"
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return f"{server}/{name}"


def test_a_trial_lives_from_pending_to_done(database):
    with open_store(database) as store:
        store.add_trials([make()])
        assert store.trials()[0].status == "pending"
        store.begin_attempt("a" * 64, {"torch": "2"})
        store.record_epoch("a" * 64, record())
        assert store.trials()[0].status == "running"
        store.finish(
            "a" * 64, TrialOutcome("done", 1, 2.5, {"val_loss": 0.5}, observed={"steps": 3})
        )
    with open_store(database) as store:
        (found,) = store.trials()
    assert (found.status, found.attempts, found.epochs, found.wall_seconds) == ("done", 1, 1, 2.5)
    assert found.metrics == {"val_loss": 0.5}
    assert found.curves == (record(),)
    assert (found.observed, found.environment) == ({"steps": 3}, {"torch": "2"})


def test_writing_twice_changes_nothing(database):
    with open_store(database) as store:
        for _ in range(2):
            store.add_trials([make(), make("b" * 64, seed=1)])
            store.register("s", "yaml", "{}", "now")
        store.begin_attempt("a" * 64, {})
        for _ in range(2):
            store.record_epoch("a" * 64, record())
            store.finish("a" * 64, TrialOutcome("done", 1, 1.0))
        assert len(store.trials()) == 2
        assert len(store.trials()[0].curves) == 1
        assert len(store.registrations()) == 1


def test_a_retry_forgets_the_reason_and_the_epochs(database):
    with open_store(database) as store:
        store.add_trials([make()])
        store.begin_attempt("a" * 64, {})
        store.record_epoch("a" * 64, record())
        store.finish(
            "a" * 64, TrialOutcome("failed", 1, 1.0, reason="boom", first_nonfinite="input")
        )
        failed = store.trials()[0]
        assert (failed.status, failed.reason, failed.first_nonfinite) == ("failed", "boom", "input")
        store.begin_attempt("a" * 64, {})
        again = store.trials()[0]
    assert (again.attempts, again.reason, again.first_nonfinite, again.curves) == (
        2,
        None,
        None,
        (),
    )


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, -0.0, 1e-308])
def test_every_number_comes_back(database, value):
    with open_store(database) as store:
        store.add_trials([make()])
        store.record_epoch("a" * 64, record(loss=value))
        (found,) = store.trials()[0].curves
    assert repr(found.metrics["loss"]) == repr(value)


def test_every_text_comes_back(database):
    with open_store(database) as store:
        store.add_trials([Trial("c" * 64, VARIANT, 0)])
        reason = "x" * 100_000 + "'; DROP TABLE trial; -- 😀"
        store.finish("c" * 64, TrialOutcome("failed", 0, 0.0, reason=reason))
        (found,) = store.trials()
    assert (found.variant, found.levels, found.reason) == (VARIANT.name, {"size": "😀"}, reason)


def test_a_look_and_its_metrics_are_one(database):
    look = Look("a" * 64, "v", 0, "final", "2026-01-01")
    with open_store(database) as store:
        store.add_trials([make()])
        store.finish("a" * 64, TrialOutcome("done", 1, 1.0, {"loss": 0.1}))
        store.record_test({"test_accuracy": 0.9}, look, {"mean": 0.5})
        assert store.looks() == (look,)
        assert store.trials()[0].observed["inputs"] == {"test": {"mean": 0.5}}
        assert store.trials()[0].metrics == {"loss": 0.1, "test_accuracy": 0.9}


def test_the_newest_registration_is_last_even_when_repeated(database):
    with open_store(database) as store:
        for text in ("one", "two", "one"):
            store.register("s", text, "{}", "now")
        assert [r.study_yaml for r in store.registrations()] == ["two", "one"]


def _write(database, worker, count):
    with contextlib.closing(open_store(database)) as store:
        for k in range(count):
            identity = f"{worker:032d}{k:032d}"
            store.add_trials([make(identity, seed=k)])
            store.finish(identity, TrialOutcome("done", 1, 1.0, {"loss": float(k)}))


def test_many_writers_lose_nothing(database):
    import multiprocessing

    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write, args=(database, w, 8)) for w in range(6)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(120)
        assert writer.exitcode == 0
    with open_store(database) as store:
        found = store.trials()
    assert len(found) == 48
    assert {t.status for t in found} == {"done"}
