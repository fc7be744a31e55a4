"""One row per variant: how many seeds, and means with their intervals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from paribus.judge.results import StudyResults, VariantSummary
from paribus.tables.base.table import Entry, Table
from paribus.writing.metrics import title
from paribus.writing.numbers import format_interval
from paribus.writing.study import ShownStudy

__all__ = ["ENTRY", "shown_metrics", "table", "tables"]

ENTRY = Entry("One row per variant: seeds, and means over them with 95 % intervals.", 20)
_SHOWN = ("accuracy", "val_accuracy", "val_loss", "test_accuracy")


def shown_metrics(results: StudyResults) -> tuple[str, ...]:
    """Return the metrics that a table shows, of those that some variant has."""
    return tuple(m for m in _SHOWN if any(m in row.metrics for row in results.variants))


def table(results: StudyResults) -> Table:
    """Return the variants of a study."""
    metrics = shown_metrics(results)
    columns = [f"{metric}{end}" for metric in metrics for end in ("", "_low", "_high")]
    return Table(
        "variants",
        ("variant", "n", *map(title, metrics)),
        [_cells(row, metrics) for row in results.variants],
        ("variant", "n", "failed", *columns),
        [(row.name, row.n, row.failed, *_numbers(row, metrics)) for row in results.variants],
    )


def tables(study: ShownStudy) -> Iterator[Table]:
    """Yield the table of variants."""
    yield table(study.results)


def _numbers(row: VariantSummary, metrics: Sequence[str]) -> Iterator[float | None]:
    for metric in metrics:
        item = row.metrics.get(metric)
        yield from (None, None, None) if item is None else (item.mean, item.low, item.high)


def _cells(row: VariantSummary, metrics: Sequence[str]) -> list[str]:
    """Return a variant, its seeds and its metrics with their intervals as texts."""
    count = str(row.n) + (f" ({row.failed} failed)" if row.failed else "")
    cells = [format_interval(m, row.metrics[m]) if m in row.metrics else "-" for m in metrics]
    return [row.name, count, *cells]
