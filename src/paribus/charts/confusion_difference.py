"""Chart of the difference of two variants' confusion matrices."""

from __future__ import annotations

from collections.abc import Iterator

from paribus.charts.base.chart import Chart, Entry
from paribus.charts.base.matrix import draw_cells
from paribus.charts.base.style import drawn
from paribus.judge.confusion import ConfusionDifference
from paribus.writing.escaping import plain
from paribus.writing.study import ShownStudy

__all__ = ["ENTRY", "charts", "draw", "points"]

ENTRY = Entry("confusions", "Where the selected variant errs unlike the baseline.", 71, many=True)
SHOWN = 0.001
"""Smallest difference that is written into a cell, as on the page."""


def points(study: ShownStudy) -> ConfusionDifference | None:
    """Return the difference of the matrices; None without a second variant."""
    return study.confusion_difference


def charts(study: ShownStudy) -> Iterator[Chart]:
    """Draw the difference, if there is a second variant."""
    found = points(study)
    if found is not None:
        title = f"Where {found.left} and {found.right} err differently"
        note = (
            "On the diagonal more is better; beside it less is better. Single cells are not tested."
        )
        yield Chart("confusion-difference", title, note, draw(found))


@drawn
def draw(difference: ConfusionDifference) -> str:
    """Draw shares of the true class, left - right, in points; return SVG.

    Blue is more, orange is less; on the diagonal more is better, beside it less is.
    """
    rows = [
        {
            "truth": plain(truth),
            "guess": plain(guess),
            "value": share,
            "share": f"{100 * share:+.1f}" if abs(share) >= SHOWN else "",
        }
        for truth, shares in zip(difference.class_names, difference.shares, strict=True)
        for guess, share in zip(difference.class_names, shares, strict=True)
    ]
    most = max(0.01, *(abs(float(row["value"])) for row in rows))  # type: ignore[arg-type]
    scale = {"range": ["#D55E00", "#f6f6f6", "#0072B2"], "domain": [-most, 0, most]}
    words = [
        f"{plain(difference.left)} minus {plain(difference.right)}, {difference.split} images",
        "points of the true class; blue: more, orange: less",
    ]
    return draw_cells(rows, difference.class_names, words, scale, (("share", 0, 12, "normal"),))
