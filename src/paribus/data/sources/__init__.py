"""Sources of data, one file each, found without registration.

A module in this folder defines ``SOURCE``: a `NamedSource`, which a study file calls by its name
(``source: digits``), or a `FileKind`, which recognises files or folders at a path and reads them. Kinds are
asked in ascending ``order``; a path that two kinds of equal order recognise is refused. Study files,
`describe`, error messages, ``paribus plan`` and the list in the docs use what is found here.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType

from paribus.data.sources.base.source import FileKind, NamedSource
from paribus.errors import DataError, Problem

__all__ = [
    "FileKind",
    "NamedSource",
    "file_kinds",
    "is_handwritten",
    "kind_of",
    "listed_kinds",
    "named_sources",
]


def named_sources() -> Mapping[str, NamedSource]:
    """Return name -> source of all named sources, in the order of lists."""
    found = [item for item in _sources() if isinstance(item, NamedSource)]
    return {item.name: item for item in sorted(found, key=lambda item: (item.order, item.name))}


def file_kinds() -> tuple[FileKind, ...]:
    """Return the kinds of files and folders, in the order in which they are asked."""
    found = [item for item in _sources() if isinstance(item, FileKind)]
    return tuple(sorted(found, key=lambda item: (item.order, item.says)))


def listed_kinds() -> str:
    """Return all kinds of files and folders as part of a sentence: "a, b, or c"."""
    *most, last = (item.says for item in file_kinds())
    return ", ".join([*most, f"or {last}"])


def kind_of(path: Path) -> FileKind | None:
    """Return the kind that reads a path; None if none recognises it.

    Args:
        path: path of an existing file or folder.

    Raises:
        DataError: two kinds of the same order recognise it.
    """
    kinds = file_kinds()
    for kind in kinds:
        if kind.recognises(path):
            same = [item for item in kinds if item.order == kind.order and item.recognises(path)]
            if len(same) > 1:
                rule = "must be recognised by one kind of source"
                got = " and by ".join(f"{item.kind} (order {item.order})" for item in same)
                raise DataError(Problem(str(path), rule, got, "Give them orders of their own."))
            return kind
    return None


def is_handwritten(source: str) -> bool:
    """Return whether a named source has handwritten digits; False for paths, since their content is unknown."""
    found = named_sources().get(source)
    return found is not None and found.handwritten


def _sources() -> Iterator[NamedSource | FileKind]:
    return (module.SOURCE for module in _modules(tuple(__path__)))


@cache
def _modules(folders: tuple[str, ...]) -> tuple[ModuleType, ...]:
    """Import the modules in the folders, and cache them because all data settings need them."""
    names = [item.name for item in pkgutil.iter_modules(folders) if not item.ispkg]
    return tuple(importlib.import_module(f"{__name__}.{name}") for name in names)
