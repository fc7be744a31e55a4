"""The confusion matrix of the selected variant: counts, and shares of the true class."""

from __future__ import annotations

from collections.abc import Iterator

from paribus.judge.confusion import Confusion
from paribus.tables.base.table import Entry, Table
from paribus.writing.study import ShownStudy

__all__ = ["ENTRY", "table", "tables"]

ENTRY = Entry(
    "The selected variant's confusion matrix by split: counts, and shares of the truth.", 80
)


def table(split: str, matrix: Confusion, *, normalised: bool = False) -> Table:
    """Return a matrix, all seeds pooled; rows are the truth.

    Args:
        split: split of the images, ``validation`` or ``test``.
        matrix: confusion matrix of the selected variant.
        normalised: shares of the true class instead of counts.
    """
    names, numbers = matrix.class_names, matrix.shares if normalised else matrix.counts
    head = ("truth", *names)
    cells = [
        (name, *(f"{100 * cell:.1f} %" if normalised else f"{cell:,}" for cell in row))
        for name, row in zip(names, numbers, strict=True)
    ]
    values: list[tuple[str | float | int | None, ...]] = [
        (name, *row) for name, row in zip(names, numbers, strict=True)
    ]
    return Table(
        f"confusion-{split}{'-normalised' if normalised else ''}", head, cells, head, values
    )


def tables(study: ShownStudy) -> Iterator[Table]:
    """Yield two tables per split."""
    for split, matrix in study.confusions.items():
        yield table(split, matrix)
        yield table(split, matrix, normalised=True)
