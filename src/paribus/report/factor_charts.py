"""Charts of a factorial design: a grid of variant means, and how one factor's effect depends on another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean

from paribus.judge.effects import mean_interval
from paribus.judge.results import StudyResults
from paribus.records import Plan
from paribus.report.charts import PALETTE, bounds, count_of, drawn, to_svg
from paribus.report.tables import plain, title

__all__ = ["CellPoint", "cell_points", "draw_grid", "draw_interaction", "factor_pairs"]

MOST_PAIRS = 3


@dataclass(frozen=True)
class CellPoint:
    """A metric at one level of each of two factors, averaged over the others, with its interval."""

    x: str
    series: str
    mean: float
    low: float
    high: float
    n: int


def factor_pairs(plan: Plan) -> list[tuple[str, str]]:
    """Return pairs of factors to show, at most three; the one with more levels first."""
    pairs = list(
        combinations((name for name, levels in plan.factors.items() if len(levels) > 1), 2)
    )
    return [
        (one, other) if len(plan.factors[one]) >= len(plan.factors[other]) else (other, one)
        for one, other in pairs[:MOST_PAIRS]
    ]


def cell_points(
    plan: Plan, results: StudyResults, metric: str, pair: tuple[str, str]
) -> list[CellPoint]:
    """Return one point per combination of the two factors' levels that was run.

    Each seed is averaged over the variants of a cell first, so that the interval is over seeds.
    """
    x, series = pair
    values: dict[tuple[str, str], dict[int, list[float]]] = {}
    for trial in results.trials:
        if trial.fit_on == "train" and trial.status == "done" and metric in trial.metrics:
            cell = (trial.levels.get(x, ""), trial.levels.get(series, ""))
            values.setdefault(cell, {}).setdefault(trial.seed, []).append(trial.metrics[metric])
    points = []
    for level in plan.factors[x]:
        for other in plan.factors[series]:
            seeds = values.get((level, other))
            if seeds:
                item = mean_interval([fmean(own) for own in seeds.values()])
                points.append(CellPoint(level, other, item.mean, item.low, item.high, item.n))
    return points


@drawn
def draw_interaction(points: Sequence[CellPoint], metric: str, pair: tuple[str, str]) -> str:
    """Draw one line per level of the second factor over the levels of the first; return SVG.

    Parallel lines mean that the factors do not depend on each other.
    """
    import altair as alt

    rows = [_row(point, number, metric) for number, point in enumerate(points)]
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


@drawn
def draw_grid(points: Sequence[CellPoint], metric: str, pair: tuple[str, str]) -> str:
    """Draw a heat map of means with their intervals written in; return SVG."""
    import altair as alt

    accuracy = metric.endswith("accuracy")
    rows = [
        _row(point, number, metric) | _words(point, accuracy=accuracy)
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


def _row(point: CellPoint, number: int, metric: str) -> dict[str, object]:
    low, high = bounds(metric, point.mean, point.low, point.high)
    return {
        "x": plain(point.x),
        "series": plain(point.series),
        "mean": point.mean,
        "low": low,
        "high": high,
        "order": number,
    }


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
