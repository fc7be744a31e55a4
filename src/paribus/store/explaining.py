"""Conversion of database drivers' errors to `StoreError`, with advice and without secrets."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from paribus.errors import Problem, StoreError
from paribus.store.address import VARIABLE
from paribus.store.rows import DAMAGED
from paribus.wording import plain

__all__ = ["explained"]


@contextmanager
def explained(where: str, hidden: Callable[[str], str]) -> Iterator[None]:
    """Convert errors of the database driver in a ``with`` block to `StoreError`.

    Args:
        where: name of the database in errors.
        hidden: function that removes secrets from a message of the driver.

    Raises:
        StoreError: the driver raised an error.
    """
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError, UnicodeError) as error:
        reason = plain(hidden(_reason(error)))
        rule = "must be a database that can be read and written"
        raise StoreError(Problem(where, rule, reason, _cure(reason))) from error


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    lines = str(getattr(error, "orig", None) or error).splitlines()
    return lines[0] if lines else type(error).__name__


def _cure(reason: str) -> str:
    if "full" in reason:
        return "Free some space, then run the same command again; nothing acknowledged is lost."
    if "readonly" in reason or "unable to open" in reason:
        return "Check the permissions of the folder, or choose another one with --out."
    if "malformed" in reason or "not a database" in reason:
        return DAMAGED
    if "locked" in reason:
        return "Another process is writing: try again in a moment."
    if "No such file" in reason:
        return "Check the name, and that the run has begun."
    if "password" in reason or "authentication" in reason:
        return f"{VARIABLE}=URL or --store URL gives the whole address, password included."
    return "Check that the database is running and reachable."
