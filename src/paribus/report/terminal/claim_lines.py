"""Claims and published values for a terminal: two lines per claim, a table per published metric."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from paribus.judge.claims.claim_row import ClaimRow
from paribus.judge.published import PublishedRow
from paribus.report.terminal.screen import STYLES, Screen, heading, indented
from paribus.report.terminal.text_charts import interval_bar, span
from paribus.tables.claims import claim_cells
from paribus.writing.metrics import is_share, title
from paribus.writing.numbers import bare, format_estimate

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

__all__ = ["claim_grid", "claim_heading", "published_lines"]

VERDICT = 17
"""Largest width of the column of verdicts."""
BAR = (8, 24)


def claim_heading(claims: Sequence[ClaimRow]) -> str:
    """Return a heading that counts the verdicts, for example "Claims: 2 supported"."""
    counts = Counter(row.word for row in claims)
    return "Claims: " + ", ".join(f"{count} {verdict}" for verdict, count in counts.items())


def claim_grid(claims: Sequence[ClaimRow], screen: Screen) -> Table:
    """Return every claim with its verdict, the difference, and its interval around zero.

    A claim without a difference has the reason why there is none in its place.
    """
    from rich.table import Table
    from rich.text import Text

    cells = [claim_cells(row) for row in claims]
    known = [difference != "-" for _, difference, _, _ in cells]
    facts = [f"{difference}, n = {n}" for _, difference, n, _ in cells]
    longest = max((len(fact) for fact, shown in zip(facts, known, strict=True) if shown), default=0)
    verdicts = min(VERDICT, max(len(verdict) for *_, verdict in cells))
    bar = min(BAR[1], screen.width - 1 - 2 - verdicts - 2 - longest - 2)
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=2, justify="right")
    grid.add_column(width=verdicts)
    grid.add_column(overflow="fold")
    for row, (says, _, _, verdict), fact, shown in zip(claims, cells, facts, known, strict=True):
        style = STYLES.get(row.verdict, "yellow")
        drawn = _bar(row, claims, bar, screen) if bar >= BAR[0] else ""
        said = f"{fact:<{longest}}  {drawn}".rstrip() if shown else screen.text(row.reason)
        grid.add_row(
            Text(screen.mark(row.verdict), style),
            Text(verdict, style),
            Text.assemble(screen.text(says), "\n", said),
        )
    return grid


def _bar(row: ClaimRow, claims: Sequence[ClaimRow], width: int, screen: Screen) -> str:
    """Draw one interval on the axis of all claims in the same unit, with a mark at zero."""
    alike = [item for item in claims if is_share(item.claim.metric) == is_share(row.claim.metric)]
    axis = span(value for item in alike for value in (0.0, item.low, item.estimate, item.high))
    if axis is None or not math.isfinite(row.estimate):
        return ""
    interval = (row.low, row.estimate, row.high)
    return interval_bar(interval, axis, width=width, mark=0.0, ascii_only=screen.ascii_only)


def published_lines(rows: Sequence[PublishedRow], screen: Screen) -> Iterator[RenderableType]:
    """Yield a heading and a table per metric: published values beside ours, a line each."""
    for metric in dict.fromkeys(row.metric for row in rows):
        yield heading(f"Published {title(metric)} beside ours (95 % interval of the mean)")
        yield indented(_published(metric, [r for r in rows if r.metric == metric], screen))


def _published(metric: str, rows: Sequence[PublishedRow], screen: Screen) -> Table:
    from rich.text import Text

    unit = " %" if is_share(metric) else ""
    ours = [format_estimate(metric, row.mean, row.low, row.high) for row in rows]
    room = screen.width - len(f" published{unit}  too few seeds  ") - max(map(len, ours)) - 2
    names = screen.names([row.variant for row in rows], room)
    table = screen.table()
    table.add_column("variant", overflow="fold")
    table.add_column(f"published{unit}", justify="right", overflow="fold")
    table.add_column(f"ours{unit}", justify="right", overflow="fold")
    table.add_column("", overflow="fold")
    for row, own in zip(rows, ours, strict=True):
        numbers = (bare(metric, row.published), own.replace(" %", ""))
        word = Text(row.verdict, "yellow" if row.verdict == "unlike ours" else "")
        table.add_row(Text(names[row.variant]), *numbers, word)
    return table
