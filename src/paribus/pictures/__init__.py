"""Pictures (grids of images): one file each: kernels, activations, attributions, mistakes.

A module in this folder is found by itself. It defines ``ENTRY``, where its picture is found, and
``show(kept, ...)``, which returns a sheet: that is what ``results.images.NAME(...)`` returns, with the
same arguments. Three functions are optional:

- ``choices(kept)``: the arguments with which there is something to show (variants, parts of the data), where
  one picture is several sheets. Without it there is one sheet, and `show` is called with nothing else.
- ``keeps(ended)``: (group, ids of images) that a run keeps for it when it ends. Without it the picture shows
  what others keep, or no images of the data.
- ``panels(sheets)``: how the page shows these sheets together. Without it each sheet is a panel of its own.

The page, ``paribus figures``, ``results.images``, the notebook and the list in the docs show what is found here.
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
    """Makes a part of what is shown, or returns something else where a file of it cannot be read."""

    def __call__(self, read: Callable[[], Part], otherwise: Other) -> Part | Other:
        """Return what ``read`` returns, or ``otherwise``."""
        ...


@dataclass(frozen=True)
class PictureFile:
    """A file of this folder."""

    name: str
    entry: Entry
    show: Callable[..., Sheet | None]
    choices: Callable[[Kept], Iterable[str]] | None
    combined: Callable[[Sequence[Any]], Iterator[Panel]] | None
    """The file's ``panels``."""
    keeps: Callable[[EndedRun], Iterable[tuple[str, Ids]]] | None = None

    def sheets(self, kept: Kept, attempt: Attempt) -> Iterator[tuple[tuple[str, ...], Sheet]]:
        """Yield the arguments of `show` with which there is something to show, and what it returns.

        Args:
            kept: what the run has kept.
            attempt: leaves out sheets whose files cannot be read.
        """
        for arguments in attempt(partial(self._arguments, kept), []):
            sheet = attempt(partial(self.show, kept, *arguments), None)
            if sheet is not None and len(sheet):
                yield arguments, sheet

    def panels(self, kept: Kept, attempt: Attempt) -> tuple[Panel, ...]:
        """Return what the page shows.

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
    """Return every file of pictures in the order to show."""
    found = []
    for item in pkgutil.iter_modules(__path__):
        if not item.ispkg:
            module = importlib.import_module(f"{__name__}.{item.name}")
            parts = (getattr(module, name, None) for name in ("choices", "panels", "keeps"))
            found.append(PictureFile(item.name, module.ENTRY, module.show, *parts))
    return tuple(sorted(found, key=lambda file: (file.entry.order, file.name)))


def kept_groups(ended: EndedRun) -> dict[str, Ids]:
    """Return group -> ids of the images that pictures want a run to keep.

    Raises:
        ValueError: two pictures keep groups of one name.
    """
    groups: dict[str, Ids] = {}
    for file in all_pictures():
        for name, ids in () if file.keeps is None else file.keeps(ended):
            if name in groups:
                raise ValueError(f"{file.name}: another picture keeps a group called {name!r}")
            groups[name] = np.asarray(ids, dtype=np.int64)
    return groups


def panels_by_section(kept: Kept, attempt: Attempt) -> Mapping[str, tuple[Panel, ...]]:
    """Return what the page shows, by the part that shows it.

    Args:
        kept: what the run has kept.
        attempt: leaves out sheets whose files cannot be read.
    """
    files = [file for file in all_pictures() if file.entry.section is not None]
    found: dict[str, tuple[Panel, ...]] = {file.entry.section or "": () for file in files}
    for file in files:
        found[file.entry.section or ""] += file.panels(kept, attempt)
    return found
