"""Training and validation curves: every seed, their mean and the band from the lowest to the highest.

Series are named by the metric they come from, never by free text, so that a curve cannot be called
what it is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from paribus.charts.base.chart import Chart, Entry, slug
from paribus.charts.base.style import PALETTE, count_of, drawn, to_svg
from paribus.judge.results import StudyResults
from paribus.judge.statistics.effects import mean_interval
from paribus.writing.escaping import plain
from paribus.writing.study import ShownStudy

__all__ = ["ENTRY", "CurvePoint", "SeedCurve", "charts", "draw", "points", "seed_curves"]

ENTRY = Entry("curves", "Accuracy and loss per epoch.", 50, "curves", many=True)

_SPLITS = {
    "loss": "train",
    "accuracy": "train",
    "val_loss": "validation",
    "val_accuracy": "validation",
}
MOST_TICKS = 6


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
class SeedCurve:
    """A metric of one trial after every epoch."""

    variant: str
    split: str
    seed: int
    epochs: tuple[int, ...]
    values: tuple[float, ...]


def seed_curves(results: StudyResults, quantity: str) -> list[SeedCurve]:
    """Return the curves of ``loss`` or ``accuracy``, train and validation, of every trial that has not failed."""
    curves = []
    for trial in results.trials:
        if trial.fit_on != "train" or trial.status not in ("done", "running"):
            continue
        for metric in (quantity, f"val_{quantity}"):
            found = [(r.epoch, r.metrics[metric]) for r in trial.curves if metric in r.metrics]
            if found:
                epochs, values = zip(*found, strict=True)
                curves.append(SeedCurve(trial.variant, _SPLITS[metric], trial.seed, epochs, values))
    return curves


def points(curves: Sequence[SeedCurve]) -> list[CurvePoint]:
    """Return means and bands over seeds, epoch by epoch."""
    values: dict[tuple[str, str, int], list[float]] = {}
    for curve in curves:
        for epoch, value in zip(curve.epochs, curve.values, strict=True):
            values.setdefault((curve.variant, curve.split, epoch), []).append(value)
    return [
        CurvePoint(
            variant, split, epoch, mean_interval(seeds).mean, min(seeds), max(seeds), len(seeds)
        )
        for (variant, split, epoch), seeds in values.items()
    ]


def charts(study: ShownStudy) -> Iterator[Chart]:
    """Draw accuracy and loss, of trials of more than one epoch."""
    order = [variant.name for variant in study.plan.variants]
    for quantity in ("accuracy", "loss"):
        found = seed_curves(study.results, quantity)
        if any(curve.epochs[-1] > 1 for curve in found):
            note = (
                "Thin lines: seeds; thick line: their mean; band: from the lowest to the highest seed. "
                "Train metrics are re-scored in evaluation mode."
            )
            if quantity == "loss":
                note += " Losses are without label smoothing and penalties."
            title = f"{quantity.capitalize()} per epoch"
            alt = f"{title}, train and validation, one panel per variant"
            yield Chart(slug(title), title, note, draw(found, quantity, order), alt, quantity)


@drawn
def draw(curves: Sequence[SeedCurve], quantity: str, order: Sequence[str]) -> str:
    """Draw one panel per variant: every seed as a thin line, the mean, and the band; return SVG."""
    import altair as alt

    means = points(curves)
    panels = _panels(means, order)
    rows = [*_mean_rows(means, panels), *_seed_rows(curves, panels)]
    splits = ["train", "validation"]
    legend = alt.Legend(
        title=None,
        orient="top",
        symbolType="stroke",
        symbolSize=400,
        symbolOpacity=1,
        symbolStrokeWidth=2,
    )
    dash = alt.StrokeDash(
        "split:N", scale=alt.Scale(domain=splits, range=[[5, 2], [1, 0]]), legend=legend
    )
    base = alt.Chart().encode(
        x=alt.X(
            "epoch:Q", title="epoch", axis=alt.Axis(values=_ticks(means), format="d", grid=False)
        ),
        color=alt.Color(
            "split:N", scale=alt.Scale(domain=splits, range=PALETTE[:2]), legend=legend
        ),
    )
    axis = alt.Axis(format="%" if quantity == "accuracy" else "~g", titleAnchor="middle")
    scale = alt.Scale(zero=False)
    averaged = base.transform_filter("isValid(datum.mean)")
    chart = alt.layer(
        averaged.mark_area(opacity=0.14).encode(
            y=alt.Y("lowest:Q", title=quantity, axis=axis, scale=scale), y2="highest:Q"
        ),
        base.transform_filter("!isValid(datum.mean)")
        .mark_line(strokeWidth=0.6, opacity=0.65, invalid="break-paths-show-domains")
        .encode(y=alt.Y("value:Q", scale=scale), order="order:Q"),
        averaged.mark_line(strokeWidth=2).encode(y=alt.Y("mean:Q", scale=scale), strokeDash=dash),
    ).properties(width=190, height=140)
    facet = alt.Facet(
        "panel:N",
        title=None,
        sort=list(panels.values()),
        header=alt.Header(labelFontSize=12, labelFontWeight="bold", labelLimit=200),
    )
    facets = chart.facet(facet, columns=_columns(len(panels)), data=alt.NamedData("rows"))
    return to_svg(facets, {"rows": rows})


def _columns(panels: int) -> int:
    """Return how many panels stand side by side: up to four, and three where fewer places stay empty.

    >>> [_columns(n) for n in range(1, 10)]
    [1, 2, 3, 4, 3, 3, 4, 4, 3]
    """
    return panels if panels <= 4 else min(4, 3, key=lambda columns: -panels % columns)


def _panels(points: Sequence[CurvePoint], order: Sequence[str]) -> dict[str, str]:
    """Return variant -> the title of its panel, which says how many seeds it shows."""
    numbers: dict[str, list[int]] = {}
    for point in points:
        numbers.setdefault(point.variant, []).append(point.n)
    return {name: f"{plain(name)} ({count_of(numbers[name])})" for name in order if name in numbers}


def _ticks(points: Sequence[CurvePoint]) -> list[int]:
    """Return whole epochs at a round distance."""
    last = max(point.epoch for point in points)
    steps = (digit * 10**power for power in range(9) for digit in (1, 2, 5))
    step = next(step for step in steps if last <= MOST_TICKS * step)
    return list(range(step, last + 1, step))


def _mean_rows(points: Sequence[CurvePoint], panels: dict[str, str]) -> Iterator[dict[str, Any]]:
    for point in points:
        yield {
            "panel": panels[point.variant],
            "split": point.split,
            "epoch": point.epoch,
            "mean": point.mean,
            "lowest": point.lowest,
            "highest": point.highest,
        }


def _seed_rows(curves: Sequence[SeedCurve], panels: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Yield the seeds of a panel one after the other: one path with gaps, which is small."""
    number = 0
    for curve in curves:
        own = {"panel": panels[curve.variant], "split": curve.split}
        values: list[float | None] = [*curve.values, None]
        for epoch, value in zip((*curve.epochs, curve.epochs[-1]), values, strict=True):
            number += 1
            yield {**own, "epoch": epoch, "value": value, "order": number}
