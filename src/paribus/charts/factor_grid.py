"""A grid of means: the metric at every combination of two factors' levels."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from paribus.charts.base.cells import CellPoint, charts_of_pairs, row_of
from paribus.charts.base.chart import Chart, Entry
from paribus.charts.base.style import bounds, drawn, to_svg
from paribus.writing.escaping import plain
from paribus.writing.study import ShownStudy

__all__ = ["ENTRY", "charts", "draw"]

ENTRY = Entry("factors", "A grid of means for every pair of factors.", 40, "overview", many=True)


def charts(study: ShownStudy) -> Iterator[Chart]:
    """Draw one chart for every pair of factors with more than two cells."""
    note = "Mean over seeds, its 95 % interval, and the number of seeds; other factors are averaged over."
    yield from charts_of_pairs(study, "{} x {}: means", note, draw)


@drawn
def draw(points: Sequence[CellPoint], metric: str, pair: tuple[str, str]) -> str:
    """Draw a heat map of means with their intervals written in; return SVG."""
    import altair as alt

    accuracy = metric.endswith("accuracy")
    rows = [
        row_of(point, number, metric) | _words(point, accuracy=accuracy)
        for number, point in enumerate(points)
    ]
    means = [point.mean for point in points]
    middle = (
        min(means) + 0.6 * (max(means) - min(means))
        if accuracy
        else min(means) + 0.4 * (max(means) - min(means))
    )
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X(
            "x:N",
            sort=[plain(name) for name in dict.fromkeys(point.x for point in points)],
            title=plain(pair[0]),
            axis=alt.Axis(labelAngle=0, orient="top", domain=False, ticks=False),
        ),
        y=alt.Y(
            "series:N",
            sort=[plain(name) for name in dict.fromkeys(point.series for point in points)],
            title=plain(pair[1]),
            axis=alt.Axis(domain=False, ticks=False),
        ),
    )
    scale = alt.Scale(scheme="blues", reverse=not accuracy)
    dark = f"datum.mean {'>' if accuracy else '<'} {middle}"
    ink = alt.condition(dark, alt.value("white"), alt.value("#0b1520"))
    chart = alt.layer(
        base.mark_rect(stroke="white", strokeWidth=2).encode(
            color=alt.Color("mean:Q", scale=scale, legend=None)
        ),
        base.mark_text(fontSize=14, fontWeight="bold", dy=-7).encode(text="value:N", color=ink),
        base.mark_text(fontSize=10.5, dy=9).encode(text="interval:N", color=ink),
    ).properties(
        width=max(240, 120 * len({point.x for point in points})),
        height=52 * len({point.series for point in points}),
    )
    return to_svg(chart)


def _words(point: CellPoint, *, accuracy: bool) -> dict[str, str]:
    factor, digits = (100, 2) if accuracy else (1, 3)
    low, high = bounds("accuracy" if accuracy else "loss", point.mean, point.low, point.high)
    interval = (
        f"{factor * low:.{digits}f} to {factor * high:.{digits}f}, n {point.n}"
        if math.isfinite(point.low)
        else f"n {point.n}"
    )
    unit = " %" if accuracy else ""
    return {"value": f"{factor * point.mean:.{digits}f}{unit}", "interval": interval}
