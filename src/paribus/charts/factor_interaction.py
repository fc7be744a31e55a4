"""Interaction plot: a line per level of one factor over the levels of another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from paribus.charts.base.cells import CellPoint, charts_of_pairs, row_of
from paribus.charts.base.chart import Chart, Entry
from paribus.charts.base.style import PALETTE, count_of, drawn, to_svg
from paribus.writing.escaping import plain
from paribus.writing.metrics import title
from paribus.writing.study import ShownStudy

__all__ = ["ENTRY", "charts", "draw"]

ENTRY = Entry(
    "factors",
    "Whether one factor's effect depends on another, pair by pair.",
    40,
    "overview",
    many=True,
)


def charts(study: ShownStudy) -> Iterator[Chart]:
    """Draw one chart for every pair of factors with more than two cells."""
    note = (
        "Parallel lines: the effect of one factor is estimated to be the same at all levels of the other. "
        "Chance alone makes lines differ, too: the report's table of factors has every interaction with its interval. "
        "Bars: 95 % intervals over seeds."
    )
    yield from charts_of_pairs(study, "Does the effect of {} depend on {}?", note, draw)


@drawn
def draw(points: Sequence[CellPoint], metric: str, pair: tuple[str, str]) -> str:
    """Draw one line per level of the second factor over the levels of the first; return SVG.

    Parallel lines mean that one factor's effect is estimated to be the same at all levels of the other.
    """
    import altair as alt

    rows = [row_of(point, number, metric) for number, point in enumerate(points)]
    order = [plain(name) for name in dict.fromkeys(point.x for point in points)]
    series = [plain(name) for name in dict.fromkeys(point.series for point in points)]
    axis = alt.Axis(format="%" if metric.endswith("accuracy") else "~g")
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X("x:N", sort=order, title=plain(pair[0]), axis=alt.Axis(labelAngle=0)),
        xOffset=alt.XOffset("series:N", sort=series),
        color=alt.Color(
            "series:N",
            sort=series,
            scale=alt.Scale(domain=series, range=PALETTE),
            legend=alt.Legend(title=plain(pair[1]), orient="right"),
        ),
    )
    words = f"{title(metric)}, mean over seeds ({count_of(point.n for point in points)})"
    y = alt.Y("mean:Q", title=words, axis=axis, scale=alt.Scale(zero=False))
    chart = alt.layer(
        base.mark_line(strokeWidth=1.5, opacity=0.7).encode(y=y),
        base.mark_rule(strokeWidth=2).encode(y="low:Q", y2="high:Q"),
        base.mark_point(filled=True, size=60, opacity=1).encode(y=y),
    ).properties(width=max(320, 110 * len(order)), height=240)
    return to_svg(chart)
