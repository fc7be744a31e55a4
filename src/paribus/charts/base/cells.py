"""Cells of a factorial design: means at two factors' levels, averaged over the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean

from paribus.charts.base.chart import Chart, slug
from paribus.charts.base.style import bounds
from paribus.judge.results import StudyResults
from paribus.judge.statistics.effects import mean_interval
from paribus.records import Plan
from paribus.writing.escaping import plain
from paribus.writing.study import ShownStudy

__all__ = ["CellPoint", "cell_points", "charts_of_pairs", "factor_pairs", "row_of"]

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


def row_of(point: CellPoint, number: int, metric: str) -> dict[str, object]:
    """Return a cell as a row that can be drawn."""
    low, high = bounds(metric, point.mean, point.low, point.high)
    return {
        "x": plain(point.x),
        "series": plain(point.series),
        "mean": point.mean,
        "low": low,
        "high": high,
        "order": number,
    }


def charts_of_pairs(
    study: ShownStudy,
    title: str,
    note: str,
    draw: Callable[[Sequence[CellPoint], str, tuple[str, str]], str],
) -> Iterator[Chart]:
    """Draw one chart for every pair of factors with more than two cells.

    Args:
        study: what the charts are made from.
        title: with two places for the names of the factors.
        note: how to read the charts.
        draw: returns SVG for the cells, the metric and the pair.
    """
    for pair in factor_pairs(study.plan):
        found = cell_points(study.plan, study.results, study.metric, pair)
        if len(found) > 2:
            name = title.format(*pair)
            svg = draw(found, study.metric, pair)
            yield Chart(slug(name), name, note, svg, subject=" x ".join(pair))
