"""URLs of stores: what is shown of them, where their secrets come from, and errors that tell none."""

import importlib
from pathlib import Path

import pytest

from paribus.errors import MissingExtraError, StoreError
from paribus.store import schema
from paribus.store.address import VARIABLE, address_of, completed
from paribus.store.store import open_store

SECRET = "s3cr3t"


@pytest.mark.parametrize(
    ("url", "public"),
    [
        (f"postgresql://me:{SECRET}@db:5432/study", "postgresql://me@db:5432/study"),
        (f"postgresql+psycopg://me:{SECRET}@[::1]:5/s", "postgresql+psycopg://me@[::1]:5/s"),
        (f"postgresql://:{SECRET}@db/s", "postgresql://@db/s"),
        (
            f"postgresql://db/s?password={SECRET}&sslmode=require",
            "postgresql://db/s?sslmode=require",
        ),
        (f"postgresql:///s?host=/run&sslpassword={SECRET}", "postgresql:///s?host=/run"),
        (f"theirs://db/s?token={SECRET}", "theirs://db/s"),
        ("postgresql://db", "postgresql://db"),
    ],
)
def test_what_is_shown_has_no_secret(url, public):
    address = address_of(url)
    assert (address.public, address.database) == (public, url)
    assert SECRET not in repr(address)
    assert address.hidden(f"no {SECRET}, please") == (
        "no ***, please" if SECRET in url else f"no {SECRET}, please"
    )


def test_an_escaped_secret_is_hidden_as_it_is_meant_too():
    address = address_of("postgresql://me:a%40b@db/s")
    assert address.hidden("a@b and a%40b") == "*** and ***"


def test_a_secret_of_one_letter_is_not_told_by_what_is_hidden():
    address = address_of("postgresql://me:s@db/s")
    assert address.hidden("no such host; password 's'") == "no such host; password '***'"


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://me:{SECRET}@{SECRET}@db/s",
        f"postgresql://me:{SECRET}/{SECRET}@db/s",
        f"postgresql://me:1/{SECRET}@db/s",
        f"postgresql://me:{SECRET}#x@db/s",
        f"postgresql://me:{SECRET}?@db/s",
        f"postgresql://me:{SECRET} x@db/s",
        f"me:{SECRET}@db/s",
        f"postgresql:/me:{SECRET}@db/s",
        f"theirs://me:{SECRET}@db:port/s",
        "",
    ],
)
def test_a_url_that_could_be_read_in_two_ways_is_refused_unshown(url):
    with pytest.raises(StoreError, match=r"--store: must be the URL of a store, such as") as found:
        open_store(url)
    assert SECRET not in str(found.value)


@pytest.mark.parametrize(
    "url",
    [
        f"theirs://me:{SECRET}@db/s",
        f"postgresql+asyncpg://me:{SECRET}@db/s",
        f"postgresql://me:{SECRET}@127.0.0.1:1/s",
        f"postgresql://me:{SECRET}@127.0.0.1:99999/s",
        f"postgresql://me:{SECRET}@127.0.0.1:1/s?nonsense={SECRET}",
        f"postgresql://me:{SECRET}@127.0.0.1:1/s?connect_timeout=soon",
        f"postgresql://me:{SECRET}@127.0.0.1:1/s?sslmode=never",
        f"postgresql://me:{SECRET}@no.such.host.invalid/s",
        f"postgresql://me:{SECRET}@{'x' * 300}/s",
    ],
)
@pytest.mark.parametrize("read_only", [True, False])
def test_a_store_that_cannot_be_reached_is_one_error_without_secrets(url, read_only):
    with pytest.raises(StoreError) as found:
        open_store(url, read_only=read_only)
    (problem,) = found.value.problems
    assert SECRET not in str(found.value)
    assert problem.got
    assert problem.fix


@pytest.mark.parametrize(
    "url",
    ["sqlite://", "sqlite:///:memory:", "sqlite:///a?mode=ro", "sqlite:///file:a", "sqlite://a"],
)
def test_sqlite_needs_a_file(url):
    with pytest.raises(StoreError, match=r"--store: must name a file and nothing else"):
        open_store(url)


def test_a_file_is_kept_with_its_whole_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    address = address_of("sqlite:///a b.db")
    assert address.file == tmp_path / "a b.db"
    assert address_of(address.public).file == address.file
    assert address_of("sqlite:////x/y@z.db").file == Path("/x/y@z.db")


def test_secrets_of_the_variable_go_to_their_own_place_alone(monkeypatch):
    whole = f"postgresql+psycopg://me:{SECRET}@db/s"
    monkeypatch.setenv(VARIABLE, whole)
    assert completed(address_of("postgresql://me@db/s")).url == whole
    for other in ("postgresql://me@elsewhere/s", "postgresql://you@db/s", "postgresql://me@db/t"):
        assert completed(address_of(other)).url == other
    monkeypatch.setenv(VARIABLE, f"me:{SECRET}@db")
    with pytest.raises(StoreError, match=f"{VARIABLE}: must be the URL of a store") as found:
        completed(address_of("postgresql://me@db/s"))
    assert SECRET not in str(found.value)


def test_a_missing_driver_is_said_with_how_to_install_it(monkeypatch):
    def missing(*_args, **_options):
        importlib.import_module("no_such_driver")

    monkeypatch.setattr(schema, "create_engine", missing)
    with pytest.raises(MissingExtraError, match=r"pip install 'paribus\[postgres\]'") as found:
        open_store(f"postgresql://me:{SECRET}@db/s")
    assert SECRET not in str(found.value)
