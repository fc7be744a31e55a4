"""`paribus status`: show the progress of a run."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from paribus.cli.explained import explained
from paribus.cli.options import Folder, Json, Store
from paribus.cli.saying import say, say_json

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from paribus.api.run.progress import FailedTrial, RunningTrial, Status, VariantProgress
    from paribus.report.terminal.screen import Screen

__all__ = ["ORDER", "command"]

ORDER = 60

BAR, CURVE = 24, 16
WORDS = ("done", "running", "failed", "pending")


@explained
def command(folder: Folder, store: Store = None, as_json: Json = False) -> None:
    """Show how many trials are done, running, failed or missing, and what to do next.

    Example: paribus status results/digits
    """
    from paribus import api

    progress = api.status(folder, store=store)
    if as_json:
        say_json(progress.to_json())
        return
    from paribus.report.terminal.screen import console_of, screen_of

    console = console_of()
    console.print(*_lines(progress, screen_of(console)), sep="\n")
    why, how = _next(progress, folder)
    say(f"\n {why}\n   {how}")  # not wrapped, so that the command can be copied


def _lines(progress: Status, screen: Screen) -> Iterator[RenderableType]:
    from rich.text import Text

    from paribus.report.terminal.screen import heading, indented

    words = {"running": "running" if progress.at_work else "interrupted"}
    counts = ", ".join(
        f"{progress.counts[word]} {words.get(word, word)}"
        for word in WORDS[1:]
        if progress.counts[word]
    )
    said = f": {progress.counts['done']} of {progress.total} trials done" + (
        counts and f", {counts}"
    )
    yield indented(Text.assemble((screen.text(progress.study), "bold"), said))
    yield indented(_variants(progress.variants, screen), above=1)
    if progress.running:
        state = "Running" if progress.at_work else "Interrupted"
        yield heading(f"{state} ({len(progress.running)})")
        yield indented(_running(progress.running, screen))
    for state, rows in (("Failed", progress.failed), ("Missing", progress.lost)):
        if rows:
            yield heading(f"{state} ({len(rows)})")
            yield from _failed(rows, screen)


def _variants(rows: tuple[VariantProgress, ...], screen: Screen) -> Table:
    """Return a table with a progress bar and four counts of trials per variant."""
    from rich.text import Text

    from paribus.report.terminal.screen import STYLES
    from paribus.report.terminal.text_charts import progress_bar

    table = screen.table()
    counted = sum(len(word) + 2 for word in WORDS)
    names = screen.names([row.name for row in rows], screen.width - 1 - counted - BAR - 2)
    for head in ("variant", "trials", *WORDS):
        table.add_column(head, justify="right" if head in WORDS else "left", overflow="fold")
    for row in rows:
        shares = [(getattr(row, word), word) for word in WORDS]
        pieces = progress_bar(shares, width=BAR, ascii_only=screen.ascii_only)
        bar = Text.assemble(*((piece, STYLES[word]) for piece, word in pieces))
        table.add_row(Text(names[row.name]), bar, *(str(count or "") for count, _ in shares))
    return table


def _running(rows: tuple[RunningTrial, ...], screen: Screen) -> Table:
    """Return a table with epoch and curve of every running trial, all curves on one scale."""
    from rich.text import Text

    from paribus.report.terminal.text_charts import span, sparkline
    from paribus.writing.metrics import title
    from paribus.writing.numbers import format_metric

    table = screen.table()
    axis = span(value for row in rows for value in row.curve) or (0.0, 1.0)
    names = screen.names([row.variant for row in rows], 24)
    for head in ("variant", "seed", "epoch", "so far", ""):
        table.add_column(
            head, justify="right" if head in ("seed", "epoch") else "left", overflow="fold"
        )
    for row in rows:
        curve = sparkline(row.curve, axis, width=CURVE, ascii_only=screen.ascii_only)
        latest = (
            f"{title(row.metric)} {format_metric(row.metric, row.curve[-1])}" if row.curve else ""
        )
        refit = "" if row.fit_on == "train" else " (refit)"
        epoch = f"{row.epoch} of {row.epochs}"
        table.add_row(Text(names[row.variant]), f"{row.seed}{refit}", epoch, curve, latest)
    return table


def _failed(rows: tuple[FailedTrial, ...], screen: Screen) -> Iterator[RenderableType]:
    """Yield a line for each variant and reason, with the seeds concerned."""
    from rich.text import Text

    from paribus.report.terminal.screen import STYLES, hanging, indented

    seeds: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        seeds.setdefault((row.variant, row.reason), []).append(str(row.seed))
    for (variant, reason), numbers in seeds.items():
        where = f"{variant}, seed {', '.join(numbers)}: "
        said = Text.assemble((screen.text(where), "bold"), screen.text(reason))
        yield indented(hanging(Text(screen.mark("error"), STYLES["error"]), said))


def _next(progress: Status, folder: Path) -> tuple[str, str]:
    """Return a sentence about the next step, and the command for it."""
    place = shlex.quote(str(folder))
    again = f"paribus run {place}"
    if progress.at_work:
        return "A run is at work. To watch it:", f"paribus serve {place}"
    if progress.counts["running"]:
        return "The run was interrupted. This goes on:", again
    if progress.failed:
        return "This tries failed trials again:", again
    if progress.complete:
        return "All is done. The numbers:", f"paribus results {place}"
    if progress.counts["pending"]:
        return "This goes on:", again
    return "All trials are done; this refits and tests:", again
