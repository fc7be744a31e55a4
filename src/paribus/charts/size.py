"""Accuracy against the number of parameters."""

from __future__ import annotations

from collections.abc import Iterator

from paribus.charts.base.chart import Chart, Entry, slug
from paribus.charts.base.costs import CostPoint, cost_points, draw_costs
from paribus.writing.study import ShownStudy

__all__ = ["ENTRY", "charts", "draw", "points"]

ENTRY = Entry("costs", "Accuracy against the number of parameters.", 60, "cost", many=True)
TITLE = "Accuracy and size"


def points(study: ShownStudy) -> list[CostPoint]:
    """Return one point per variant that has finished trials."""
    return cost_points(study.results, study.summaries, study.metric)


def draw(found: list[CostPoint], metric: str) -> str:
    """Draw the points on a logarithmic axis; return SVG."""
    return draw_costs(found, metric, "parameters")


def charts(study: ShownStudy) -> Iterator[Chart]:
    """Draw the chart, if the variants differ in their number of parameters."""
    found = points(study)
    if len({point.parameters for point in found}) > 1:
        note = "Mean and 95 % interval over seeds."
        yield Chart(slug(TITLE), TITLE, note, draw(found, study.metric))
