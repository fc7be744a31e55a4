"""Differences from the baseline: every seed, mean, interval, and the margin that matters."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from paribus.charts.base.chart import Chart, Entry
from paribus.charts.base.seed_values import seed_rows
from paribus.charts.base.style import INK, MARGIN, PALETTE, RULE, drawn, to_svg
from paribus.judge.results import StudyResults
from paribus.study.claims import DEFAULT_MARGIN
from paribus.writing.escaping import plain
from paribus.writing.metrics import is_share, title
from paribus.writing.study import ShownStudy

__all__ = ["ENTRY", "EffectPoint", "charts", "draw", "points"]

ENTRY = Entry("effects", "Differences from the baseline, paired by seed.", 20, "effects")

WIDTH, ROW = 560, 34


@dataclass(frozen=True)
class EffectPoint:
    """A paired difference from the baseline with its 95 % interval."""

    variant: str
    estimate: float
    low: float
    high: float
    differences: tuple[float, ...]
    """Variant - baseline, one per seed that both have, those in which networks collapsed included."""
    n: int
    """Seeds in which both learn, from which the interval comes."""
    seeds: int
    """Seeds in which the trials of both have ended."""


def points(results: StudyResults, metric: str) -> list[EffectPoint]:
    """Return the effects on a metric that have an interval."""
    values = {row.variant: row.values for row in seed_rows(results, metric)}
    return [
        EffectPoint(
            row.variant,
            row.estimate,
            row.low,
            row.high,
            tuple(
                value - values[row.baseline][seed]
                for seed, value in values[row.variant].items()
                if seed in values[row.baseline]
            ),
            row.n,
            row.seeds,
        )
        for row in results.effects
        if row.metric == metric and math.isfinite(row.low)
    ]


def charts(study: ShownStudy) -> Iterator[Chart]:
    """Draw the effects that have an interval."""
    found = points(study.results, study.metric)
    if found:
        baseline = study.plan.baseline
        note = (
            "Paired by seed. An interval that crosses zero leaves the direction open. Exploratory: these "
            "differences were not declared before the run, and the 95 % intervals are not adjusted for their number."
        )
        if any(point.n < point.seeds for point in found):
            note += " Intervals are from the seeds where both learn; dots are all seeds."
        alt = f"Differences of every variant from the baseline {baseline} with 95 % intervals"
        svg = draw(found, study.metric, baseline)
        yield Chart("effects", "Effects against the baseline", note, svg, alt)


@drawn
def draw(points: Sequence[EffectPoint], metric: str, baseline: str) -> str:
    """Draw differences with their intervals, every seed as a faint dot, the margin shaded; return SVG."""
    import altair as alt

    factor = 100 if is_share(metric) else 1
    rows = [_row(point, factor) for point in points]
    dots = [
        {"variant": plain(point.variant), "difference": factor * value}
        for point in points
        for value in point.differences
    ]
    order = [row["variant"] for row in rows]
    y = alt.Y("variant:N", sort=order, title=None, axis=alt.Axis(labelLimit=260, labelFontSize=12))
    x = alt.X("low:Q", title=_words(metric, baseline, factor))
    base = alt.Chart(alt.InlineData(values=rows)).encode(y=y)
    margin = factor * DEFAULT_MARGIN
    limits = alt.Chart(alt.InlineData(values=[{"zero": 0, "minus": -margin, "plus": margin}]))
    chart = alt.layer(
        limits.mark_rect(color=MARGIN).encode(x=alt.X("minus:Q"), x2="plus:Q"),
        limits.mark_rule(color=RULE, strokeDash=[4, 3]).encode(x="zero:Q"),
        alt.Chart(alt.NamedData("dots"))
        .mark_point(filled=True, size=16, opacity=0.65, color=PALETTE[0], yOffset=8)
        .encode(x="difference:Q", y=y),
        base.mark_rule(strokeWidth=2.5, color=PALETTE[0]).encode(x=x, x2="high:Q"),
        base.mark_point(filled=True, size=70, color=PALETTE[0], opacity=1).encode(x="estimate:Q"),
        base.mark_text(align="left", dx=8, color=INK).encode(x=alt.value(WIDTH), text="n:N"),
    ).properties(width=WIDTH, height=max(60, ROW * len(rows)))
    return to_svg(chart, {"dots": dots})


def _row(point: EffectPoint, factor: int) -> dict[str, Any]:
    return {
        "variant": plain(point.variant),
        "estimate": factor * point.estimate,
        "low": factor * point.low,
        "high": factor * point.high,
        "n": f"n {point.n}" if point.n == point.seeds else f"n {point.n} of {point.seeds}",
    }


def _words(metric: str, baseline: str, factor: int) -> list[str]:
    """Return the title of the axis: quantity, unit, and direction."""
    unit = f"points of {title(metric)}" if factor == 100 else title(metric)
    margin = f"{factor * DEFAULT_MARGIN:g}{' point' if factor == 100 else ''}"
    return [
        f"difference from {plain(baseline)} ({unit})",
        f"line: 95 % interval over seeds; small dots: seeds; grey: the margin of {margin}",
    ]
