"""Learning curves: accuracy against the number of training examples, every seed shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from paribus.charts.base.style import PALETTE, bounds, count_of, drawn, to_svg
from paribus.judge.results import StudyResults
from paribus.judge.statistics.effects import mean_interval
from paribus.records import Plan
from paribus.writing.escaping import plain

__all__ = [
    "LearningPoint",
    "draw_learning_curve",
    "examples_of",
    "learning_points",
    "series_of",
    "values_of",
]


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


def examples_of(results: StudyResults) -> dict[str, int]:
    """Return variant -> training examples, of variants with a finished trial."""
    return {
        trial.variant: trial.observed.train_examples
        for trial in results.trials
        if trial.status == "done"
        and trial.fit_on == "train"
        and trial.observed.train_examples is not None
    }


def values_of(results: StudyResults, metric: str) -> dict[str, list[float]]:
    """Return variant -> a metric of every finished seed."""
    found: dict[str, list[float]] = {}
    for trial in results.trials:
        if trial.fit_on == "train" and trial.status == "done" and metric in trial.metrics:
            found.setdefault(trial.variant, []).append(trial.metrics[metric])
    return found


def series_of(plan: Plan, examples: Mapping[str, int]) -> dict[str, str]:
    """Return variant -> the line it belongs to: its levels of factors that do not set the size."""
    sized = [
        factor
        for factor, levels in plan.factors.items()
        if _sets_size(plan, factor, levels, examples)
    ]
    return {
        variant.name: "/".join(v for k, v in variant.levels.items() if k not in sized) or "all"
        for variant in plan.variants
    }


def _sets_size(plan: Plan, factor: str, levels: Sequence[str], examples: Mapping[str, int]) -> bool:
    """Whether a factor's level alone decides the number of training examples."""
    sizes = [
        {
            examples[v.name]
            for v in plan.variants
            if v.levels.get(factor) == level and v.name in examples
        }
        for level in levels
    ]
    return all(len(own) <= 1 for own in sizes) and len(set.union(*sizes)) > 1


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


@drawn
def draw_learning_curve(points: Sequence[LearningPoint], metric: str) -> str:
    """Draw means with 95 % intervals and every seed as a dot, on a logarithmic axis; return SVG."""
    import altair as alt

    means = [
        {
            "series": plain(point.series),
            "examples": point.examples,
            "mean": point.mean,
            **dict(
                zip(
                    ("low", "high"),
                    bounds("accuracy", point.mean, point.low, point.high),
                    strict=True,
                )
            ),
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
    words = f"{metric} ({count_of(len(point.values) for point in points)})"
    y = alt.Y("mean:Q", title=words, axis=axis, scale=scale)
    chart = alt.layer(
        alt.Chart(alt.InlineData(values=dots))
        .mark_point(size=22, opacity=0.45, filled=True)
        .encode(x=x, y=alt.Y("value:Q", scale=scale), color=colour),
        base.mark_line(strokeWidth=1.8).encode(y=y),
        base.mark_rule(strokeWidth=2).encode(y="low:Q", y2="high:Q"),
        base.mark_point(filled=True, size=60, opacity=1).encode(y=y),
    ).properties(width=460, height=280)
    return to_svg(chart)
