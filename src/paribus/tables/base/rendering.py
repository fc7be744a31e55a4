"""Tables as CSV, Markdown, LaTeX and HTML; every field is escaped for its target."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from html import escape

from paribus.tables.base.table import Table, Value, Verbatim
from paribus.writing.escaping import csv_cell, latex_text, markdown_text, plain

__all__ = [
    "FORMATS",
    "csv_text",
    "html",
    "html_grid",
    "latex",
    "latex_grid",
    "markdown",
    "markdown_grid",
]


def csv_text(table: Table) -> str:
    """Return the plain numbers; cells that a spreadsheet would run as a formula get an apostrophe."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(map(csv_cell, table.columns))
    writer.writerows([_value(value) for value in row] for row in table.values)
    return buffer.getvalue()


def markdown(table: Table) -> str:
    """Return the formatted table in Markdown."""
    return markdown_grid(table.head, table.cells) + "\n"


def latex(table: Table) -> str:
    """Return the formatted table in LaTeX with booktabs."""
    return latex_grid([latex_text(name) for name in table.head], table.cells) + "\n"


def html(table: Table) -> str:
    """Return the formatted table in HTML."""
    return html_grid(table.head, table.cells)


def _value(value: Value) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, Verbatim):
        return str(value)
    return csv_cell(value) if isinstance(value, str) else repr(value)


def markdown_grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table, every cell escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(markdown_text(cell) for cell in line) + " |" for line in lines
    )


def latex_grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a booktabs table.

    Args:
        head: LaTeX.
        rows: plain texts; every cell is escaped.
    """
    lines = [
        r"\begin{tabular}{l" + "r" * (len(head) - 1) + "}",
        r"\toprule",
        " & ".join(head) + r" \\",
        r"\midrule",
        *(" & ".join(map(latex_text, cells)) + r" \\" for cells in rows),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines)


def html_grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return an HTML table.

    Args:
        head: plain texts; escaped.
        rows: plain texts; every cell is escaped.
    """
    names = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(plain(cell))}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>"


FORMATS = {"csv": csv_text, "md": markdown, "tex": latex}
"""Ending of a file -> function that formats a table for it."""
