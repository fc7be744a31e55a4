"""The confusion matrix as a drawing, and the difference of two: the page shows the same as tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

from paribus.report.charts import drawn, to_svg
from paribus.report.images import Confusion, ConfusionDifference
from paribus.report.tables import plain

__all__ = ["draw_confusion", "draw_confusion_difference"]

CELL = 62
SHOWN = 0.001
"""Smaller differences are left out, as on the page."""
_ON_LIGHT, _ON_DARK = "#0b1520", "white"


Line: TypeAlias = tuple[str, int, float, Literal["normal", "bold"]]
"""Column, offset, size and weight of a line of a cell."""


@drawn
def draw_confusion(matrix: Confusion, split: str) -> str:
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
    return _cells(rows, matrix.class_names, words, scale, lines)


@drawn
def draw_confusion_difference(difference: ConfusionDifference) -> str:
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
    return _cells(rows, difference.class_names, words, scale, (("share", 0, 12, "normal"),))


def _cells(
    rows: Sequence[dict[str, Any]],
    names: Sequence[str],
    words: list[str],
    scale: dict[str, Any],
    lines: Sequence[Line],
) -> str:
    """Draw a square of coloured cells; return SVG."""
    import altair as alt

    order = [plain(name) for name in names]
    axis = alt.Axis(domain=False, ticks=False, labelAngle=0, labelLimit=CELL, orient="top")
    base = alt.Chart(alt.NamedData("rows")).encode(
        x=alt.X("guess:N", sort=order, title="what the network said", axis=axis),
        y=alt.Y("truth:N", sort=order, title="truth", axis=alt.Axis(domain=False, ticks=False)),
    )
    strong = 0.75 * max(scale["domain"])  # orange is light enough for dark letters
    ink = alt.condition(f"datum.value > {strong}", alt.value(_ON_DARK), alt.value(_ON_LIGHT))
    chart = alt.layer(
        base.mark_rect(stroke="white").encode(
            color=alt.Color("value:Q", scale=alt.Scale(**scale, interpolate="rgb"), legend=None)
        ),
        *(
            base.mark_text(dy=offset, fontSize=size, fontWeight=weight).encode(
                text=f"{column}:N", color=ink
            )
            for column, offset, size, weight in lines
        ),
    ).properties(
        width=CELL * len(order),
        height=CELL * len(order) * (0.82 if len(lines) > 1 else 0.5),
        title=alt.TitleParams(words, anchor="start", fontSize=12, offset=10),
    )
    return to_svg(chart, {"rows": rows})
