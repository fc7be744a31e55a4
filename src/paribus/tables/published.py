"""Published values beside the results of the run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from paribus.judge.published import PublishedRow
from paribus.judge.results import StudyResults
from paribus.tables.base.table import Entry, Table
from paribus.writing.metrics import title
from paribus.writing.numbers import bare, format_estimate, format_metric
from paribus.writing.study import ShownStudy

__all__ = ["ENTRY", "HEAD", "published_cells", "table", "tables"]

ENTRY = Entry("Published values beside ours, and where one more run of ours would lie.", 50)
HEAD = ("variant", "metric", "published", "ours", "one run of ours", "n", "")


def table(results: StudyResults) -> Table:
    """Return the published values of a study that has some."""
    columns = tuple(vars(results.published[0]))
    values = [tuple(vars(row).values()) for row in results.published]
    return Table("published", HEAD, published_cells(results.published), columns, values)


def tables(study: ShownStudy) -> Iterator[Table]:
    """Yield the published values, if there are any."""
    if study.results.published:
        yield table(study.results)


def published_cells(rows: Sequence[PublishedRow]) -> list[list[str]]:
    """Return published values beside ours, one row each, under `HEAD`."""
    return [
        [
            row.variant,
            title(row.metric),
            format_metric(row.metric, row.published),
            format_estimate(row.metric, row.mean, row.low, row.high),
            _range(row),
            str(row.n),
            row.verdict,
        ]
        for row in rows
    ]


def _range(row: PublishedRow) -> str:
    """Return the prediction interval of one more run, clipped to 0 and 1, as text."""
    low, high = row.single_low, row.single_high
    if not math.isfinite(low):
        return "-"
    if row.metric.endswith("accuracy"):
        low, high = max(low, 0.0), min(high, 1.0)
    return f"{bare(row.metric, low)} to {format_metric(row.metric, high)}"
