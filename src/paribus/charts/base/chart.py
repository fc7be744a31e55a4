"""Data structures of a drawn chart, and of a file of charts."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Chart", "Entry", "slug"]


@dataclass(frozen=True)
class Chart:
    """A drawn chart with its title, caption and text alternative."""

    name: str
    """Unique name of the chart; the name of its file without the ending."""
    title: str
    note: str
    """How to read it, in a sentence or two."""
    svg: str
    alt: str = ""
    """Description for screen readers; the title by default."""
    subject: str = ""
    """Split, pair of factors or variant of this chart, if a file draws several."""


@dataclass(frozen=True)
class Entry:
    """Places at which the charts of a file are shown."""

    plot: str
    """Name of the method in Python, as in ``results.plot.curves()``; several files may share one."""
    says: str
    """Sentence about the chart, for the docs and ``help``."""
    order: int
    """Position among all charts; charts of files with equal positions alternate."""
    section: str | None = None
    """Part of the page that shows the charts; None if the page shows a table instead."""
    many: bool = False
    """Whether ``results.plot`` returns a list: one chart per split, pair or quantity."""


def slug(text: str) -> str:
    """Return a title as the name of a file.

    >>> slug("Accuracy and size"), slug("???")
    ('accuracy-and-size', 'chart')
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "chart"
