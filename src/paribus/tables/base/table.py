"""A table in two forms: as people read it, and as programs do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Entry", "Table", "Verbatim"]


class Verbatim(str):
    """A formatted number that is written without escaping, since it cannot be a formula."""

    __slots__ = ()


Value = str | float | int | None


@dataclass(frozen=True)
class Table:
    """One table of a study."""

    name: str
    """Unique name of the table; the name of its files without the ending."""
    head: Sequence[str]
    cells: Sequence[Sequence[str]]
    """Texts as people read them, under `head`."""
    columns: Sequence[str]
    values: Sequence[Sequence[Value]]
    """Plain numbers under `columns`: fractions where people read percent; None and NaN are left empty."""


@dataclass(frozen=True)
class Entry:
    """Places at which the tables of a file are shown."""

    says: str
    """Sentence about the table, for the docs and ``help``."""
    order: int
    """Position among all tables."""
