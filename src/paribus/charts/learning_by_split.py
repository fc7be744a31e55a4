"""Chart of training and test accuracy against the number of training images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from paribus.charts.base.chart import Chart, Entry, slug
from paribus.charts.base.learning import (
    LearningPoint,
    draw_learning_curve,
    examples_of,
    learning_points,
    series_of,
    values_of,
)
from paribus.judge.results import StudyResults
from paribus.records import Plan
from paribus.writing.study import ShownStudy

__all__ = ["ENTRY", "charts", "draw", "points"]

ENTRY = Entry(
    "costs", "The learning curve of training and test images in one chart.", 63, "cost", many=True
)
draw = draw_learning_curve

_PARTS = {"train": "accuracy", "test": "test_accuracy", "validation": "val_accuracy"}
MOST_LINES = 8
"""Largest number of lines: the number of colours."""


def points(plan: Plan, results: StudyResults) -> list[LearningPoint]:
    """Return accuracy on training and test images by number of training images.

    Validation images stand in for a test set that was not opened. Empty where all variants have the same
    number of training images.
    """
    examples = examples_of(results)
    if len(set(examples.values())) < 2:
        return []
    series = series_of(plan, examples)
    found: list[LearningPoint] = []
    for part, metric in _PARTS.items():
        values = values_of(results, metric)
        if part == "validation" and any(point.series.endswith("test") for point in found):
            continue
        for point in learning_points(examples, series, values):
            line = part if point.series == "all" else f"{point.series}, {part}"
            found.append(replace(point, series=line))
    return found


def charts(study: ShownStudy) -> Iterator[Chart]:
    """Draw the learning curve, if the number of examples varies and there are enough colours."""
    found = points(study.plan, study.results)
    lines = dict.fromkeys(point.series for point in found)
    if not found or len(lines) > MOST_LINES:
        return
    other = next((name.rpartition(", ")[2] for name in lines if not name.endswith("train")), "")
    if other:
        note = (
            "Training accuracy is scored in evaluation mode on all training images. "
            "Line: mean over seeds; dots: seeds."
        )
        title = f"Learning curve: train and {other} accuracy"
        yield Chart(slug(title), title, note, draw(found, "accuracy"))
