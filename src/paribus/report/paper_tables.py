"""Claims, effects and published values as tables for a paper: CSV with plain numbers; Markdown and LaTeX to read."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from paribus.judge.results import StudyResults
from paribus.report.tables import (
    PUBLISHED_HEAD,
    claim_cells,
    latex_grid,
    markdown_grid,
    published_cells,
)
from paribus.writing.escaping import csv_cell, latex_text
from paribus.writing.metrics import title
from paribus.writing.numbers import format_difference

__all__ = ["PaperTable", "csv_text", "latex", "markdown", "paper_tables"]


_CLAIM = "id says within metric margin estimate low high level n p adjusted_p verdict published"


@dataclass(frozen=True)
class PaperTable:
    """One table in two forms: as people read it, and as programs do."""

    name: str
    head: Sequence[str]
    cells: Sequence[Sequence[str]]
    columns: Sequence[str]
    values: Sequence[Sequence[str | float | int | None]]
    """Fractions where people read percent; None and NaN are left empty."""


def paper_tables(results: StudyResults) -> Iterator[PaperTable]:
    """Yield claims, effects and published values, as far as there are any."""
    if results.claims:
        yield _claims(results)
    if results.effects:
        yield _effects(results)
    if results.published:
        columns = tuple(vars(results.published[0]))
        values = [tuple(vars(row).values()) for row in results.published]
        cells = published_cells(results.published)
        yield PaperTable("published", PUBLISHED_HEAD, cells, columns, values)


def csv_text(table: PaperTable) -> str:
    """Return the plain numbers; cells that a spreadsheet would run as a formula get an apostrophe."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows([_value(value) for value in row] for row in table.values)
    return buffer.getvalue()


def markdown(table: PaperTable) -> str:
    """Return the table as people read it, in Markdown."""
    return markdown_grid(table.head, table.cells) + "\n"


def latex(table: PaperTable) -> str:
    """Return the table as people read it, for LaTeX with booktabs."""
    return latex_grid([latex_text(name) for name in table.head], table.cells) + "\n"


def _claims(results: StudyResults) -> PaperTable:
    values = [
        (
            row.claim.id,
            row.claim.says,
            ", ".join(f"{factor}: {level}" for factor, level in row.claim.within.items()),
            row.claim.metric,
            row.claim.margin,
            *(row.estimate, row.low, row.high, row.level, row.n, row.p, row.adjusted_p),
            row.verdict,
            row.claim.published,
        )
        for row in results.claims
    ]
    head = ("claim", "difference (95 % interval)", "n", "verdict")
    cells = [claim_cells(row) for row in results.claims]
    return PaperTable("claims", head, cells, _CLAIM.split(), values)


def _effects(results: StudyResults) -> PaperTable:
    columns = ("variant", "baseline", "metric", "estimate", "low", "high", "n", "q", "verdict")
    values = [tuple(getattr(row, name) for name in columns) for row in results.effects]
    cells = [
        [
            row.variant,
            title(row.metric),
            format_difference(row.metric, row.estimate, row.low, row.high),
            str(row.n),
            "-" if math.isnan(row.q) else f"{row.q:.2g}",
        ]
        for row in results.effects
    ]
    against = f"difference from {results.effects[0].baseline} (95 % interval)"
    return PaperTable("effects", ("variant", "metric", against, "n", "q"), cells, columns, values)


def _value(value: str | float | None) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return csv_cell(value) if isinstance(value, str) else repr(value)
