"""Tables: one file each, written once, for every target.

A module in this folder is found by itself. It defines ``ENTRY``, where its tables stand in the lists, and
``tables(study)``, which yields none where there is nothing to show. ``paribus figures``, ``results.tables``
and the list in the docs show what is found here.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from paribus.tables.base.table import Entry, Table
from paribus.writing.study import ShownStudy

__all__ = ["Entry", "ShownStudy", "Table", "TableFile", "all_tables"]


@dataclass(frozen=True)
class TableFile:
    """A module of this folder, with its name and entry."""

    name: str
    entry: Entry
    tables: Callable[[ShownStudy], Iterator[Table]]


def all_tables() -> tuple[TableFile, ...]:
    """Return all modules of tables in the order of their positions."""
    found = []
    for item in pkgutil.iter_modules(__path__):
        if not item.ispkg:
            module = importlib.import_module(f"{__name__}.{item.name}")
            found.append(TableFile(item.name, module.ENTRY, module.tables))
    return tuple(sorted(found, key=lambda file: (file.entry.order, file.name)))
