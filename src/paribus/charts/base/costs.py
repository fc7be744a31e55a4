"""Charts of accuracy against a cost: number of parameters, or training time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from paribus.charts.base.style import PALETTE, bounds, count_of, drawn, to_svg
from paribus.judge.results import StudyResults
from paribus.nn.summary import ModelSummary
from paribus.writing.escaping import plain
from paribus.writing.metrics import is_share, title

__all__ = ["CostPoint", "cost_points", "draw_costs"]

Cost = Literal["parameters", "seconds"]
WIDTH = 460
LABEL = 80
"""Width in pixels reserved for a variant's name beside its point."""
_TITLES = {
    "parameters": "parameters (logarithmic)",
    "seconds": "seconds of training per trial (logarithmic)",
}


@dataclass(frozen=True)
class CostPoint:
    """Metric, number of parameters and seconds per trial of a variant."""

    variant: str
    parameters: int
    seconds: float
    mean: float
    low: float
    high: float
    n: int


def cost_points(
    results: StudyResults, summaries: Mapping[str, ModelSummary], metric: str
) -> list[CostPoint]:
    """Return one point per variant that has finished trials."""
    seconds: dict[str, list[float]] = {}
    for trial in results.trials:
        if trial.fit_on == "train" and trial.status == "done":
            seconds.setdefault(trial.variant, []).append(trial.wall_seconds)
    return [
        CostPoint(
            row.name,
            summaries[row.name].parameters,
            fmean(seconds[row.name]),
            row.metrics[metric].mean,
            row.metrics[metric].low,
            row.metrics[metric].high,
            row.metrics[metric].n,
        )
        for row in results.variants
        if metric in row.metrics and row.name in seconds
    ]


def _domain(points: Sequence[CostPoint], cost: Cost) -> tuple[float, float]:
    """Return the range of the axis, extended to the right for the names."""
    costs = [max(getattr(point, cost), 1e-9) for point in points]
    return min(costs) / 1.2, 1.6 * max(costs)


def _labels(points: Sequence[CostPoint], cost: Cost) -> dict[str, str]:
    """Return variant -> its label; points beside or on each other share one, at the rightmost."""
    height = max(point.mean for point in points) - min(point.mean for point in points) or 1.0
    low, high = _domain(points, cost)
    pixels = WIDTH / math.log(high / low)
    groups: list[list[CostPoint]] = []
    for point in points:
        near = next((own for own in groups if _near(own[0], point, cost, height, pixels)), None)
        if near is None:
            groups.append([point])
        else:
            near.append(point)
    return {
        max(own, key=lambda point: float(getattr(point, cost))).variant: ", ".join(
            plain(point.variant) for point in own
        )
        for own in groups
    }


def _near(one: CostPoint, other: CostPoint, cost: Cost, height: float, pixels: float) -> bool:
    beside = math.log(max(getattr(one, cost), 1e-9) / max(getattr(other, cost), 1e-9))
    return pixels * abs(beside) < LABEL and abs(one.mean - other.mean) < 0.04 * height


@drawn
def draw_costs(points: Sequence[CostPoint], metric: str, cost: Cost) -> str:
    """Draw accuracy against a cost, with intervals over seeds and the variants' names; return SVG."""
    import altair as alt

    labels = _labels(points, cost)
    rows = [
        {
            "variant": labels.get(point.variant, ""),
            "cost": getattr(point, cost),
            "mean": point.mean,
            **dict(
                zip(("low", "high"), bounds(metric, point.mean, point.low, point.high), strict=True)
            ),
        }
        for point in points
    ]
    axis = alt.Axis(format="%" if is_share(metric) else "~g")
    ticks = alt.Axis(format="~s" if cost == "parameters" else "~g", labelOverlap=True)
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X(
            "cost:Q",
            title=_TITLES[cost],
            scale=alt.Scale(type="log", nice=False, domain=_domain(points, cost)),
            axis=ticks,
        )
    )
    words = f"{title(metric)}, mean over seeds ({count_of(point.n for point in points)})"
    y = alt.Y("mean:Q", title=words, axis=axis, scale=alt.Scale(zero=False))
    chart = alt.layer(
        base.mark_rule(strokeWidth=2, color=PALETTE[0]).encode(y="low:Q", y2="high:Q"),
        base.mark_point(filled=True, size=60, opacity=1, color=PALETTE[0]).encode(y=y),
        base.mark_text(align="left", dx=8, fontSize=11).encode(y=y, text="variant:N"),
    ).properties(width=WIDTH, height=260)
    return to_svg(chart)
