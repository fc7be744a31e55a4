"""Pictures (grids of images): one file each: kernels, activations, attributions, mistakes.

A module in this folder is found without registration. It defines ``ENTRY``, the places of its picture in lists and
on the page, and ``show(kept, ...)``, which returns a sheet; ``results.images.NAME(...)`` calls it. Three functions
are optional:

- ``choices(kept)`` returns the arguments (variants, parts of the data) for which there is a sheet. Without it
  there is one sheet, and `show` is called without further arguments.
- ``keeps(ended)`` yields (group, ids of images) that a run stores for the picture when it ends. Without it the
  picture shows images that other pictures store, or none.
- ``panels(sheets)`` yields the panels of the page for all sheets. Without it each sheet is one panel.

The page, ``paribus figures``, ``results.images``, the notebook and the list in the docs use what is found here.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeVar

import numpy as np

from paribus.pictures.base.ended import EndedRun, Ids
from paribus.pictures.base.entry import Entry
from paribus.pictures.base.kept import Kept
from paribus.pictures.base.panels import Panel
from paribus.pictures.base.sheets import Sheet

__all__ = [
    "Attempt",
    "Entry",
    "Kept",
    "Panel",
    "PictureFile",
    "Sheet",
    "all_pictures",
    "kept_groups",
    "panels_by_section",
]

Part = TypeVar("Part")
Other = TypeVar("Other")


class Attempt(Protocol):
    """Function that reads a part of the page, with a replacement if a file cannot be read."""

    def __call__(self, read: Callable[[], Part], otherwise: Other) -> Part | Other:
        """Return the result of ``read``; ``otherwise`` if it raises because a file cannot be read."""
        ...


@dataclass(frozen=True)
class PictureFile:
    """A module of this folder, with its functions."""

    name: str
    entry: Entry
    show: Callable[..., Sheet | None]
    choices: Callable[[Kept], Iterable[str]] | None
    combined: Callable[[Sequence[Any]], Iterator[Panel]] | None
    """The module's function ``panels``; None if it has none."""
    keeps: Callable[[EndedRun], Iterable[tuple[str, Ids]]] | None = None

    def sheets(self, kept: Kept, attempt: Attempt) -> Iterator[tuple[tuple[str, ...], Sheet]]:
        """Yield (arguments of `show`, its sheet) for all choices that have a sheet.

        Args:
            kept: what the run has kept.
            attempt: leaves out sheets whose files cannot be read.
        """
        for arguments in attempt(partial(self._arguments, kept), []):
            sheet = attempt(partial(self.show, kept, *arguments), None)
            if sheet is not None and len(sheet):
                yield arguments, sheet

    def panels(self, kept: Kept, attempt: Attempt) -> tuple[Panel, ...]:
        """Return the picture's panels of the page.

        Args:
            kept: what the run has kept.
            attempt: leaves out sheets whose files cannot be read.
        """
        found = [sheet for _, sheet in self.sheets(kept, attempt)]
        if self.combined is not None:
            return tuple(self.combined(found)) if found else ()
        return tuple(sheet.panel(self.name.replace("_", "-")) for sheet in found)

    def _arguments(self, kept: Kept) -> list[tuple[str, ...]]:
        return [()] if self.choices is None else [(choice,) for choice in self.choices(kept)]


def all_pictures() -> tuple[PictureFile, ...]:
    """Return all modules of pictures, sorted by their position."""
    found = []
    for item in pkgutil.iter_modules(__path__):
        if not item.ispkg:
            module = importlib.import_module(f"{__name__}.{item.name}")
            parts = (getattr(module, name, None) for name in ("choices", "panels", "keeps"))
            found.append(PictureFile(item.name, module.ENTRY, module.show, *parts))
    return tuple(sorted(found, key=lambda file: (file.entry.order, file.name)))


def kept_groups(ended: EndedRun) -> dict[str, Ids]:
    """Return group -> ids of the images that a run must store for pictures.

    Raises:
        ValueError: two pictures store groups with the same name.
    """
    groups: dict[str, Ids] = {}
    for file in all_pictures():
        for name, ids in () if file.keeps is None else file.keeps(ended):
            if name in groups:
                raise ValueError(f"{file.name}: another picture keeps a group called {name!r}")
            groups[name] = np.asarray(ids, dtype=np.int64)
    return groups


def panels_by_section(kept: Kept, attempt: Attempt) -> Mapping[str, tuple[Panel, ...]]:
    """Return part of the page -> its panels.

    Args:
        kept: what the run has kept.
        attempt: leaves out sheets whose files cannot be read.
    """
    files = [file for file in all_pictures() if file.entry.section is not None]
    found: dict[str, tuple[Panel, ...]] = {file.entry.section or "": () for file in files}
    for file in files:
        found[file.entry.section or ""] += file.panels(kept, attempt)
    return found
