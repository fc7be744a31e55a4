"""Differences from the baseline, with their intervals and false discovery rates."""

from __future__ import annotations

import math
from collections.abc import Iterator

from paribus.judge.results import StudyResults
from paribus.tables.base.table import Entry, Table
from paribus.writing.metrics import title
from paribus.writing.numbers import format_difference
from paribus.writing.study import ShownStudy

__all__ = ["ENTRY", "table", "tables"]

ENTRY = Entry("Differences from the baseline, with 95 % intervals and false discovery rates.", 40)


_COLUMNS = ("variant", "baseline", "metric", "estimate", "low", "high", "n", "q")


def table(results: StudyResults) -> Table:
    """Return the effects of a study that has some."""
    columns = (*_COLUMNS, "seeds", "collapsed", "baseline_collapsed", "verdict")
    values = [tuple(getattr(row, name) for name in columns) for row in results.effects]
    cells = [
        [
            row.variant,
            title(row.metric),
            format_difference(row.metric, row.estimate, row.low, row.high),
            str(row.n) if row.n == row.seeds else f"{row.n} of {row.seeds}",
            "-" if math.isnan(row.q) else f"{row.q:.2g}",
        ]
        for row in results.effects
    ]
    against = f"difference from {results.effects[0].baseline} (95 % interval)"
    return Table("effects", ("variant", "metric", against, "n", "q"), cells, columns, values)


def tables(study: ShownStudy) -> Iterator[Table]:
    """Yield the effects, if there are any."""
    if study.results.effects:
        yield table(study.results)
