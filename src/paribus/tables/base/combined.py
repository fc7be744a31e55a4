"""Several tables as one text."""

from __future__ import annotations

from paribus.judge.results import StudyResults
from paribus.tables import claims, published, variants
from paribus.tables.base.rendering import latex_grid, markdown_grid
from paribus.writing.escaping import latex_text

__all__ = ["latex_table", "markdown_table"]


def markdown_table(results: StudyResults) -> str:
    """Return the variants with means and intervals, then the claims and published values, as Markdown."""
    found = [variants.table(results)]
    found += [claims.table(results)] if results.claims else []
    found += [published.table(results)] if results.published else []
    return "\n\n".join(markdown_grid(table.head, table.cells) for table in found)


def latex_table(results: StudyResults) -> str:
    """Return a booktabs table of the variants."""
    table = variants.table(results)
    head = ["$n$" if name == "n" else latex_text(name) for name in table.head]
    return latex_grid(head, table.cells)
