"""Learning curves: a line per other level, and every seed."""

import numpy as np
import pytest
from scipy import stats

from paribus.charts.base.learning import (
    draw_learning_curve,
    examples_of,
    learning_points,
    series_of,
    values_of,
)
from tests.charts.drawn import HOSTILE, plan_and_results, texts


def test_a_learning_curve_has_a_line_per_other_level_and_every_seed():
    plan, results = plan_and_results()
    examples, values = examples_of(results), values_of(results, "val_accuracy")
    series = series_of(plan, examples)
    assert series == {
        "100/a": "a",
        f"100/{HOSTILE}": HOSTILE,
        "200/a": "a",
        f"200/{HOSTILE}": HOSTILE,
    }
    points = learning_points(examples, series, values)
    point = next(p for p in points if p.variant == "200/a")
    low, high = stats.t.interval(0.95, 2, np.mean(point.values), stats.sem(point.values))
    assert (point.examples, point.low, point.high) == pytest.approx((200, low, high))
    svg = draw_learning_curve(points, "validation accuracy")
    assert {"100", "200", "training examples (logarithmic)", "validation accuracy (n 3)"} <= set(
        texts(svg)
    )
    assert "<script" not in svg
