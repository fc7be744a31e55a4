"""Accuracy against the time of training."""

from __future__ import annotations

from collections.abc import Iterator

from paribus.charts.base.chart import Chart, Entry, slug
from paribus.charts.base.costs import CostPoint, cost_points, draw_costs
from paribus.writing.study import ShownStudy

__all__ = ["ENTRY", "charts", "draw", "points"]

ENTRY = Entry("costs", "Accuracy against the time of training.", 61, "cost", many=True)
TITLE = "Accuracy and time"


def points(study: ShownStudy) -> list[CostPoint]:
    """Return one point per variant that has finished trials."""
    return cost_points(study.results, study.summaries, study.metric)


def draw(found: list[CostPoint], metric: str) -> str:
    """Draw the points on a logarithmic axis; return SVG."""
    return draw_costs(found, metric, "seconds")


def charts(study: ShownStudy) -> Iterator[Chart]:
    """Draw the chart, if there is more than one variant."""
    found = points(study)
    if len(found) > 1:
        note = (
            "Mean and 95 % interval over seeds. Seconds as measured in this run, with as many trials at once as "
            "there were workers."
        )
        yield Chart(slug(TITLE), TITLE, note, draw(found, study.metric))
