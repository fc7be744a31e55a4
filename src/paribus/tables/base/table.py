"""A table in two forms: as people read it, and as programs do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Entry", "Table", "Verbatim"]


class Verbatim(str):
    """A number that is written as it stands: no spreadsheet takes it for a formula."""

    __slots__ = ()


Value = str | float | int | None


@dataclass(frozen=True)
class Table:
    """One table of a study."""

    name: str
    """Of its files, without an ending; no other table of a study has it."""
    head: Sequence[str]
    cells: Sequence[Sequence[str]]
    """Texts as people read them, under `head`."""
    columns: Sequence[str]
    values: Sequence[Sequence[Value]]
    """Plain numbers under `columns`: fractions where people read percent; None and NaN are left empty."""


@dataclass(frozen=True)
class Entry:
    """Where the tables of a file are found."""

    says: str
    """What it shows, for the list in the docs and for ``help``."""
    order: int
    """Among all tables."""
