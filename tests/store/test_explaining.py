"""What a driver says becomes one line with a cure, and no secret of the address."""

import sqlite3

import pytest
from sqlalchemy.exc import OperationalError

from paribus.errors import StoreError
from paribus.store.explaining import explained

CASES = {
    "database or disk is full": "Free some space",
    "attempt to write a readonly database": "Check the permissions",
    "unable to open database file": "Check the permissions",
    "database disk image is malformed": "damaged",
    "file is not a database": "damaged",
    "database is locked": "Another process is writing",
    "password authentication failed": "--store URL gives the whole address",
    "connection refused": "Check that the database is running",
}


@pytest.mark.parametrize("said", CASES)
def test_each_reason_has_its_cure(said):
    with pytest.raises(StoreError) as caught, explained("place", str):
        raise sqlite3.OperationalError(said)
    text = str(caught.value)
    assert text.startswith(f"place: must be a database that can be read and written, got {said}.")
    assert CASES[said].lower() in text.lower()


def test_an_error_of_the_system_is_its_text():
    with pytest.raises(StoreError, match="got No such file or directory"), explained("p", str):
        raise FileNotFoundError(2, "No such file or directory")


def test_the_first_line_of_a_driver_is_said_without_secrets_and_controls():
    error = OperationalError("SELECT 1", {}, Exception("wrong s3cr3t\x1b[31m\nmore lines"))
    with pytest.raises(StoreError) as caught, explained("p", lambda t: t.replace("s3cr3t", "***")):
        raise error
    assert "s3cr3t" not in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert "more lines" not in str(caught.value)


def test_what_is_no_matter_of_the_database_passes():
    with pytest.raises(KeyError), explained("p", str):
        raise KeyError("x")
