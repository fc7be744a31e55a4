"""The learning curve: the metric of selection against the number of training examples."""

from __future__ import annotations

from collections.abc import Iterator

from paribus.charts.base.chart import Chart, Entry
from paribus.charts.base.learning import (
    LearningPoint,
    draw_learning_curve,
    examples_of,
    learning_points,
    series_of,
    values_of,
)
from paribus.writing.metrics import title
from paribus.writing.study import ShownStudy

__all__ = ["ENTRY", "charts", "draw", "points"]

ENTRY = Entry(
    "costs",
    "Accuracy against the number of training examples, where it varies.",
    62,
    "cost",
    many=True,
)
draw = draw_learning_curve


def points(study: ShownStudy) -> list[LearningPoint]:
    """Return one point per variant; none where all have the same number of examples."""
    examples = examples_of(study.results)
    if len(set(examples.values())) < 2:
        return []
    series, values = series_of(study.plan, examples), values_of(study.results, study.metric)
    return learning_points(examples, series, values)


def charts(study: ShownStudy) -> Iterator[Chart]:
    """Draw the learning curve, if the number of examples varies."""
    found = points(study)
    if found:
        note = "Line: mean over seeds with its 95 % interval; dots: seeds."
        svg = draw(found, title(study.metric))
        yield Chart("learning-curve", "Learning curve", note, svg)
