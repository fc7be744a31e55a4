"""Charts: a function that returns plain numbers, and one that draws them with Altair.

Series are named by the metric they come from, never by free text, so that a curve cannot be called
what it is not. Colours are Okabe & Ito's, which colour-blind readers can tell apart.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ceteris.judge.effects import mean_interval
from ceteris.judge.results import StudyResults
from ceteris.report.tables import plain

__all__ = [
    "FONTS",
    "PALETTE",
    "CurvePoint",
    "EffectPoint",
    "bounds",
    "curve_points",
    "draw_curves",
    "draw_effects",
    "effect_points",
    "to_svg",
]

PALETTE = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000", "#B8A800"]
_SPLITS = {
    "loss": "train",
    "accuracy": "train",
    "val_loss": "validation",
    "val_accuracy": "validation",
}


@dataclass(frozen=True)
class CurvePoint:
    """The mean of a metric over seeds after an epoch, with the lowest and highest seed."""

    variant: str
    split: str
    epoch: int
    mean: float
    lowest: float
    highest: float
    n: int


@dataclass(frozen=True)
class EffectPoint:
    """A paired difference from the baseline with its 95 % interval."""

    variant: str
    estimate: float
    low: float
    high: float
    n: int


def curve_points(results: StudyResults, quantity: str) -> list[CurvePoint]:
    """Return the curves of ``loss`` or ``accuracy``, train and validation, of every variant."""
    values: dict[tuple[str, str, int], list[float]] = {}
    for trial in results.trials:
        if trial.fit_on != "train" or trial.status != "done":
            continue
        for record in trial.curves:
            for metric in (quantity, f"val_{quantity}"):
                if metric in record.metrics:
                    key = (trial.variant, _SPLITS[metric], record.epoch)
                    values.setdefault(key, []).append(record.metrics[metric])
    return [
        CurvePoint(
            variant, split, epoch, mean_interval(seeds).mean, min(seeds), max(seeds), len(seeds)
        )
        for (variant, split, epoch), seeds in values.items()
    ]


def effect_points(results: StudyResults, metric: str) -> list[EffectPoint]:
    """Return the effects on a metric that have an interval."""
    return [
        EffectPoint(row.variant, row.estimate, row.low, row.high, row.n)
        for row in results.effects
        if row.metric == metric and math.isfinite(row.low)
    ]


def draw_curves(points: Sequence[CurvePoint], quantity: str, order: Sequence[str]) -> str:
    """Draw one panel per variant, train and validation with the band of all seeds; return SVG."""
    import altair as alt

    rows = [{**vars(point), "variant": plain(point.variant)} for point in points]
    percent = quantity == "accuracy"
    axis = alt.Axis(format="%" if percent else "~g", titleAnchor="middle")
    scale = alt.Scale(zero=False)
    colour = alt.Color(
        "split:N",
        scale=alt.Scale(domain=["train", "validation"], range=PALETTE[:2]),
        legend=alt.Legend(title=None, orient="top"),
    )
    base = alt.Chart().encode(
        x=alt.X("epoch:Q", title="epoch", axis=alt.Axis(tickMinStep=1, format="d")), color=colour
    )
    band = base.mark_area(opacity=0.22).encode(
        y=alt.Y("lowest:Q", title=quantity, axis=axis, scale=scale), y2="highest:Q"
    )
    line = base.mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=18)).encode(
        y=alt.Y("mean:Q", scale=scale)
    )
    columns = min(4, max(1, len({row["variant"] for row in rows})))
    facet = alt.Facet(
        "variant:N",
        title=None,
        sort=[plain(name) for name in order],
        header=alt.Header(labelFontSize=12, labelFontWeight="bold", labelLimit=190),
    )
    chart = alt.layer(band, line).properties(width=190, height=140)
    return to_svg(chart.facet(facet, columns=columns, data=alt.InlineData(values=rows)))


def draw_effects(points: Sequence[EffectPoint], metric: str, baseline: str) -> str:
    """Draw differences from the baseline with their intervals; return SVG."""
    import altair as alt

    accuracy = metric.endswith("accuracy")
    factor = 100 if accuracy else 1
    rows = [
        {
            "variant": plain(point.variant),
            "estimate": factor * point.estimate,
            "low": factor * point.low,
            "high": factor * point.high,
        }
        for point in points
    ]
    unit = "points of validation accuracy" if accuracy else "validation loss"
    title = f"difference from {plain(baseline)} ({unit}), 95 % interval over seeds"
    order = [plain(point.variant) for point in points]
    y = alt.Y("variant:N", sort=order, title=None, axis=alt.Axis(labelLimit=260, labelFontSize=12))
    base = alt.Chart(alt.InlineData(values=rows))
    zero = alt.Chart(alt.InlineData(values=[{"zero": 0}])).mark_rule(
        color="#666", strokeDash=[4, 3]
    )
    whisker = base.mark_rule(strokeWidth=2.5, color=PALETTE[0])
    dot = base.mark_point(filled=True, size=70, color=PALETTE[0], opacity=1)
    chart = alt.layer(
        zero.encode(x=alt.X("zero:Q")),
        whisker.encode(x=alt.X("low:Q", title=title), x2="high:Q", y=y),
        dot.encode(x="estimate:Q", y=y),
    ).properties(width=560, height=max(60, 30 * len(rows)))
    return to_svg(chart)


def bounds(metric: str, mean: float, low: float, high: float) -> tuple[float, float]:
    """Return an interval as it can be drawn: the mean where there is none, nothing beyond 0 and 100 %."""
    if not math.isfinite(low):
        return mean, mean
    return (max(low, 0.0), min(high, 1.0)) if metric.endswith("accuracy") else (low, high)


def to_svg(chart: Any) -> str:
    """Return an Altair chart as SVG, on white, with the fonts of the report.

    Who opens it may have neither Helvetica nor Arial, and the next font is wider. So the chart is laid
    out for letters a fifth larger than those that are written, in a font that vl_convert brings along:
    every label has room to spare, and the drawing is the same on every machine.
    """
    import vl_convert

    configured = chart.configure(background="white", font=_MEASURED, **_SIZES).configure_view(
        stroke="#ddd"
    )
    svg: str = vl_convert.vegalite_to_svg(_enlarged(configured.to_dict()))
    written = _SIZE.sub(lambda size: f'font-size="{float(size[1]) / _ROOM:.4g}px"', svg)
    return _PLACE.sub(_rounded, written.replace(f'"{_MEASURED}"', f'"{FONTS}"'))


FONTS = "Helvetica, Arial, Liberation Sans, sans-serif"
"""As written: what readers have, in this order."""
_MEASURED = "Liberation Sans"
_ROOM = 1.2
"""DejaVu Sans, the widest usual fallback, is 13 % wider than Arial, and 17 % in bold."""
_LABEL = {"labelFontSize": 10, "titleFontSize": 11, "labelLimit": 180}
_SIZES: dict[str, Any] = {
    "axis": _LABEL,
    "legend": _LABEL,
    "header": _LABEL,
    "title": {"fontSize": 13},
    "text": {"fontSize": 11},
}
_SIZE = re.compile(r'font-size="([\d.]+)px"')
_PLACE = re.compile(r' (?:d|transform|x|y|x1|x2|y1|y2|width|height)="[^"]*"')
_LONG = re.compile(r"\d+\.\d{3,}")


def _rounded(place: re.Match[str]) -> str:
    """Return an attribute that says where something is drawn, to a hundredth of a pixel."""
    return _LONG.sub(lambda number: f"{float(number[0]):.2f}", place[0])


def _enlarged(node: Any) -> Any:
    """Return a chart with every letter, and every limit of a label, larger by the room that is left."""
    if isinstance(node, list):
        return [_enlarged(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        name: item if name in ("data", "datasets") else _larger(name, item)
        for name, item in node.items()
    }


def _larger(name: str, item: Any) -> Any:
    is_size = name.lower().endswith(("fontsize", "limit")) and isinstance(item, int | float)
    return _ROOM * item if is_size else _enlarged(item)
