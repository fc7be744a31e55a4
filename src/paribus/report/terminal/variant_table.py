"""One line per variant for a terminal: numbers, an interval bar on a shared axis, the mean curve per epoch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rich.cells import cell_len

from paribus.charts.base.style import bounds
from paribus.judge.results import StudyResults
from paribus.report.terminal.screen import NAME, Screen, indented
from paribus.report.terminal.text_charts import interval_bar, span, sparkline
from paribus.writing.metrics import is_share, title
from paribus.writing.numbers import bare, format_interval

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

__all__ = ["main_metric", "mean_curves", "variant_lines"]

BAR = (12, 30)
"""Smallest and largest width of a bar."""
CURVE = 10
WIDE = 60
"""Smallest width of a screen on which bars are shown."""
_PREFERRED = ("val_accuracy", "test_accuracy", "accuracy", "val_loss", "test_loss", "loss")
_BESIDE = {"accuracy": "train", "val_accuracy": "validation", "test_accuracy": "test"}


@dataclass(frozen=True)
class _Column:
    head: str
    cells: Sequence[str]
    rank: int = 0
    """Columns of the highest rank are left out first on narrow screens; rank 0 always stays."""
    justify: Literal["left", "right"] = "right"

    @property
    def width(self) -> int:
        return max(map(cell_len, (self.head, *self.cells)))


def main_metric(results: StudyResults) -> str | None:
    """Return the metric that the variants are compared by; None before anything is known."""
    known = {name for row in results.variants for name in row.metrics}
    chosen = (results.selected.by,) if results.selected else ()
    return next((name for name in (*chosen, *_PREFERRED) if name in known), None)


def variant_lines(results: StudyResults, screen: Screen) -> Iterator[RenderableType]:
    """Yield a title, the table of variants with the columns that fit, and notes on their meaning.

    The selected variant is bold.
    """
    from rich.text import Text

    metric = main_metric(results)
    about = f": {title(metric)}, mean and 95 % interval over seeds" if metric else ""
    yield indented(Text.assemble((screen.text(results.study), "bold"), about))
    columns = _fitting(list(_columns(results, metric, screen)), screen)
    free = screen.width - 1 - sum(column.width + 2 for column in columns)
    bars = metric is not None and screen.width >= WIDE
    names = screen.names([row.name for row in results.variants], free - (BAR[0] + 2) * bars)
    if metric and bars:
        longest = max(map(cell_len, ("variant", *names.values())))
        bar = _bar_column(results, metric, min(BAR[1], free - longest - 2), screen)
        at = next(k for k, column in enumerate(columns) if column.rank == 0) + 1
        columns.insert(at, bar)
    yield indented(_table(results, names, columns, screen), above=1)
    notes = " ".join(_notes(columns, names, screen))
    if notes:
        yield indented(Text(notes, "dim"))


def _table(
    results: StudyResults, names: Mapping[str, str], columns: Sequence[_Column], screen: Screen
) -> Table:
    from rich.text import Text

    table = screen.table()
    table.add_column("variant", overflow="fold")
    for column in columns:
        table.add_column(Text(column.head), justify=column.justify, overflow="fold")
    best = results.selected.variant if results.selected else None
    for number, row in enumerate(results.variants):
        cells = [names[row.name], *(column.cells[number] for column in columns)]
        table.add_row(*map(Text, cells), style="bold" if row.name == best else None)
    return table


def _columns(results: StudyResults, metric: str | None, screen: Screen) -> Iterator[_Column]:
    rows = results.variants
    yield _Column("n", [str(row.n) for row in rows], rank=2)
    if any(row.failed for row in rows):
        yield _Column("failed", [str(row.failed or "") for row in rows], rank=1)
    for name, short in _BESIDE.items():
        if name != metric and any(name in row.metrics for row in rows):
            values = (row.metrics[name].mean if name in row.metrics else math.nan for row in rows)
            yield _Column(f"{short} %", [bare(name, value) for value in values], rank=3)
    if metric is None:
        return
    head = f"{_BESIDE.get(metric, 'mean')} %" if is_share(metric) else title(metric)
    yield _Column(
        head,
        [
            format_interval(metric, row.metrics[metric]).replace(" %", "")
            if metric in row.metrics
            else "-"
            for row in rows
        ],
    )
    curves = _curves(results, metric, screen)
    if any(len(curve) > 1 for curve in curves):
        yield _Column("per epoch", curves, rank=4, justify="left")


def _fitting(columns: list[_Column], screen: Screen) -> list[_Column]:
    """Remove columns of the highest rank until names and bars have their smallest width."""
    room = screen.width - 3 - NAME[0] - (BAR[0] + 2 if screen.width >= WIDE else 0)
    while sum(column.width + 2 for column in columns) > room:
        rank = max((column.rank for column in columns), default=0)
        if rank == 0:
            break
        columns = [column for column in columns if column.rank != rank]
    return columns


def _bar_column(results: StudyResults, metric: str, width: int, screen: Screen) -> _Column:
    """Draw all intervals on one axis; the head names its ends."""
    drawn = [
        (*bounds(metric, item.mean, item.low, item.high), item.mean)
        if (item := row.metrics.get(metric))
        else (math.nan,) * 3
        for row in results.variants
    ]
    axis = span(value for triple in drawn for value in triple) or (0.0, 1.0)
    low, high = (bare(metric, end) for end in axis)
    head = low + high.rjust(max(0, width - len(low)))
    bars = [
        interval_bar((low, mean, high), axis, width=width, ascii_only=screen.ascii_only)
        for low, high, mean in drawn
    ]
    return _Column(head, bars, justify="left")


def _curves(results: StudyResults, metric: str, screen: Screen) -> list[str]:
    """Draw the mean validation curve of every variant, all on one scale."""
    found = mean_curves(results, "val_loss" if metric.endswith("loss") else "val_accuracy")
    axis = span(value for curve in found.values() for value in curve) or (0.0, 1.0)
    return [
        sparkline(found.get(row.name, ()), axis, width=CURVE, ascii_only=screen.ascii_only)
        for row in results.variants
    ]


def mean_curves(results: StudyResults, metric: str) -> dict[str, list[float]]:
    """Return variant -> the metric's mean over seeds after every epoch, of trials that ended well."""
    values: dict[str, dict[int, list[float]]] = {}
    for trial in results.trials:
        if trial.fit_on != "train" or trial.status != "done":
            continue
        for record in trial.curves:
            if metric in record.metrics:
                epochs = values.setdefault(trial.variant, {})
                epochs.setdefault(record.epoch, []).append(record.metrics[metric])
    return {
        variant: [sum(seeds) / len(seeds) for _, seeds in sorted(epochs.items())]
        for variant, epochs in values.items()
    }


def _notes(columns: Sequence[_Column], names: Mapping[str, str], screen: Screen) -> Iterator[str]:
    if any(column.head == "per epoch" for column in columns):
        yield "Per epoch: mean on validation images, one scale for all."
    if any(short != screen.text(name) for name, short in names.items()):
        yield "Shortened names stand in full in `paribus results --json`."
