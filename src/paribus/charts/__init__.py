"""Charts: one file each. A chart is computed as plain numbers, then drawn.

A module in this folder is found by itself. It defines ``ENTRY``, where its charts are found, and
``charts(study)``, which yields none where there is nothing to draw. By convention ``points`` returns the
numbers and ``draw`` the drawing. The page, ``paribus figures``, ``results.plot``, the notebook and the list
in the docs show what is found here.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from paribus.charts.base.chart import Chart, Entry
from paribus.writing.study import ShownStudy

__all__ = ["Chart", "ChartFile", "Entry", "ShownStudy", "all_charts", "by_section", "charts_of"]


@dataclass(frozen=True)
class ChartFile:
    """A module of this folder, with its name and entry."""

    name: str
    entry: Entry
    charts: Callable[[ShownStudy], Iterator[Chart]]


def all_charts() -> tuple[ChartFile, ...]:
    """Return every file of charts in the order to show."""
    found = []
    for item in pkgutil.iter_modules(__path__):
        if not item.ispkg:
            module = importlib.import_module(f"{__name__}.{item.name}")
            found.append(ChartFile(item.name, module.ENTRY, module.charts))
    return tuple(sorted(found, key=lambda file: (file.entry.order, file.name)))


def charts_of(
    study: ShownStudy, files: Iterable[ChartFile] | None = None
) -> tuple[tuple[Entry, Chart], ...]:
    """Draw the charts of a study in order; charts of files with equal positions alternate.

    Args:
        study: what they are made from.
        files: to draw; all of them by default.
    """
    drawn = [
        (file.entry.order, number, file.name, file.entry, chart)
        for file in (all_charts() if files is None else files)
        for number, chart in enumerate(file.charts(study))
    ]
    drawn.sort(key=lambda item: item[:3])
    return tuple((entry, chart) for *_, entry, chart in drawn)


def by_section(study: ShownStudy) -> Mapping[str, tuple[Chart, ...]]:
    """Draw the charts that the page shows, by the part that shows them."""
    files = [file for file in all_charts() if file.entry.section is not None]
    found: dict[str, tuple[Chart, ...]] = {file.entry.section or "": () for file in files}
    for entry, chart in charts_of(study, files):
        found[entry.section or ""] += (chart,)
    return found
