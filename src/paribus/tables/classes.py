"""Recall and precision class by class, of the selected variant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from paribus.judge.per_class import ClassRow, per_class
from paribus.tables.base.table import Entry, Table
from paribus.writing.study import ShownStudy

__all__ = ["ENTRY", "class_rows", "table", "tables"]

ENTRY = Entry("Recall and precision of every class, of the selected variant, by split.", 70)


def class_rows(study: ShownStudy) -> dict[str, list[ClassRow]]:
    """Return split -> a row per class."""
    return {
        split: per_class(items, study.class_names) for split, items in study.predictions.items()
    }


def table(split: str, rows: Sequence[ClassRow]) -> Table:
    """Return the classes of one split: means over seeds, lowest and highest seed."""
    ends = ("", "_lowest", "_highest")
    measures = [f"{name}{end}" for name in ("recall", "precision") for end in ends]
    return Table(
        f"classes-{split}",
        ("class", "images", "recall", "precision"),
        [
            (row.name, f"{row.images:,}", _spread(row.recall), _spread(row.precision))
            for row in rows
        ],
        ("class", "images", *measures),
        [(row.name, row.images, *row.recall, *row.precision) for row in rows],
    )


def tables(study: ShownStudy) -> Iterator[Table]:
    """Yield one table per split."""
    for split, rows in class_rows(study).items():
        yield table(split, rows)


def _spread(values: tuple[float, float, float]) -> str:
    mean, lowest, highest = (f"{100 * value:.1f} %" for value in values)
    return f"{mean} [{lowest}, {highest}]"
