"""What a chart is, and where it is found."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Chart", "Entry", "slug"]


@dataclass(frozen=True)
class Chart:
    """A drawn chart."""

    name: str
    """Of its file, without an ending; no other chart of a study has it."""
    title: str
    note: str
    """How to read it, in a sentence or two."""
    svg: str
    alt: str = ""
    """What it shows, for people who cannot see it; the title by default."""
    subject: str = ""
    """What it is about where a file draws several charts: a split, a pair of factors, a variant."""


@dataclass(frozen=True)
class Entry:
    """Where the charts of a file are found."""

    plot: str
    """``results.plot.<plot>()`` in Python; several files may share one."""
    says: str
    """What it shows, for the list in the docs and for ``help``."""
    order: int
    """Among all charts; files of the same number take turns."""
    section: str | None = None
    """The part of the page; None where the page shows the same as a table."""
    many: bool = False
    """Whether ``results.plot`` returns a list: one chart per split, pair or quantity."""


def slug(text: str) -> str:
    """Return a title as the name of a file.

    >>> slug("Accuracy and size"), slug("???")
    ('accuracy-and-size', 'chart')
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "chart"
