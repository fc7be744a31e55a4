"""The confusion matrix as a drawing; the page shows the same as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from paribus.charts.base.chart import Chart, Entry
from paribus.charts.base.matrix import Line, draw_cells
from paribus.charts.base.style import drawn
from paribus.judge.confusion import Confusion
from paribus.writing.escaping import plain
from paribus.writing.study import ShownStudy

__all__ = ["ENTRY", "charts", "draw", "points"]

ENTRY = Entry("confusions", "The confusion matrix of every split.", 70, many=True)


def points(study: ShownStudy) -> Mapping[str, Confusion]:
    """Return split -> matrix of the selected variant."""
    return study.confusions


def charts(study: ShownStudy) -> Iterator[Chart]:
    """Draw the selected variant's matrix of every split."""
    for split, matrix in points(study).items():
        title, note = (
            f"Confusion matrix on {split} images",
            "Rows: truth; columns: what the network said.",
        )
        yield Chart(f"confusion-{split}", title, note, draw(matrix, split), subject=split)


@drawn
def draw(matrix: Confusion, split: str) -> str:
    """Draw shares of the true class in percent, with the lowest and highest seed, and counts; return SVG."""
    ranges = matrix.share_ranges
    rows = [
        {
            "truth": plain(truth),
            "guess": plain(guess),
            "value": share,
            "share": f"{100 * share:.1f} %" if count else "0",
            "range": f"{100 * low:.1f}–{100 * high:.1f}" if count and matrix.num_seeds > 1 else "",
            "count": f"{count:,}" if count else "",
        }
        for truth, shares, counts, ends in zip(
            matrix.class_names, matrix.shares, matrix.counts, ranges, strict=True
        )
        for guess, share, count, (low, high) in zip(
            matrix.class_names, shares, counts, ends, strict=True
        )
    ]
    total = sum(map(sum, matrix.counts))
    words = [
        f"{split} images: percent of the true class, from the lowest to the highest seed, and counts",
        f"{matrix.num_seeds} seeds together, n {total:,} guesses",
    ]
    scale = {"range": ["#ffffff", "#6aaed6", "#08519c"], "domain": [0, 0.5, 1]}
    lines: tuple[Line, ...] = (
        ("share", -14, 12, "bold"),
        ("range", 2, 9.5, "normal"),
        ("count", 16, 9.5, "normal"),
    )
    return draw_cells(rows, matrix.class_names, words, scale, lines)
