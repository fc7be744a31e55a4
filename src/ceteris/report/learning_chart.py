"""A learning curve: accuracy against the number of training examples, every seed shown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ceteris.judge.effects import mean_interval
from ceteris.report.charts import PALETTE, to_svg
from ceteris.report.tables import plain

__all__ = ["LearningPoint", "draw_learning_curve", "learning_points"]


@dataclass(frozen=True)
class LearningPoint:
    """A variant's accuracy over seeds, at its number of training examples."""

    variant: str
    series: str
    examples: int
    mean: float
    low: float
    high: float
    values: tuple[float, ...]


def learning_points(
    examples: Mapping[str, int],
    series: Mapping[str, str],
    values: Mapping[str, Sequence[float]],
) -> list[LearningPoint]:
    """Return one point per variant.

    Args:
        examples: variant -> training examples.
        series: variant -> the line it belongs to.
        values: variant -> one accuracy per seed.
    """
    points = []
    for name, own in values.items():
        item = mean_interval(list(own))
        points.append(
            LearningPoint(
                name, series[name], examples[name], item.mean, item.low, item.high, tuple(own)
            )
        )
    return sorted(points, key=lambda point: (point.series, point.examples))


def draw_learning_curve(points: Sequence[LearningPoint], metric: str) -> str:
    """Draw means with 95 % intervals and every seed as a dot, on a logarithmic axis; return SVG."""
    import altair as alt

    means = [
        {
            "series": plain(point.series),
            "examples": point.examples,
            "mean": point.mean,
            "low": point.low if math.isfinite(point.low) else point.mean,
            "high": point.high if math.isfinite(point.high) else point.mean,
        }
        for point in points
    ]
    dots = [
        {"series": plain(point.series), "examples": point.examples, "value": value}
        for point in points
        for value in point.values
    ]
    names = list(dict.fromkeys(plain(point.series) for point in points))
    colour = alt.Color(
        "series:N",
        scale=alt.Scale(domain=names, range=PALETTE),
        legend=alt.Legend(title=None, orient="top") if len(names) > 1 else None,
    )
    x = alt.X(
        "examples:Q",
        title="training examples (logarithmic)",
        scale=alt.Scale(type="log", nice=False, padding=20),
        axis=alt.Axis(
            values=sorted({point.examples for point in points}), format=",d", labelOverlap=True
        ),
    )
    axis, scale = alt.Axis(format="%"), alt.Scale(zero=False)
    base = alt.Chart(alt.InlineData(values=means)).encode(x=x, color=colour)
    y = alt.Y("mean:Q", title=metric, axis=axis, scale=scale)
    chart = alt.layer(
        alt.Chart(alt.InlineData(values=dots))
        .mark_point(size=22, opacity=0.45, filled=True)
        .encode(x=x, y=alt.Y("value:Q", scale=scale), color=colour),
        base.mark_line(strokeWidth=1.8).encode(y=y),
        base.mark_rule(strokeWidth=2).encode(y="low:Q", y2="high:Q"),
        base.mark_point(filled=True, size=60, opacity=1).encode(y=y),
    ).properties(width=460, height=280)
    return to_svg(chart)
