"""Published values beside ours: one more run, and differences read out of a text."""

import math

import numpy as np
import pytest
from scipy import stats

from paribus.judge.published import compare_published, published_difference
from paribus.judge.statistics.effects import Interval
from paribus.records import Claim


def test_published_values_are_held_against_one_more_run():
    values = np.random.default_rng(1).normal(0.9, 0.01, 12)
    item = Interval(values.mean(), 0.89, 0.91, values.std(ddof=1), 12)
    few = Interval(0.9, math.nan, math.nan, math.nan, 1)
    rows = compare_published(
        {"val_accuracy": {"a": 0.905, "b": 0.99, "gone": 0.5}, "loss": {"a": 1.0}},
        {"a": {"val_accuracy": item}, "b": {"val_accuracy": item}, "c": {"val_accuracy": few}},
    )
    assert [(row.variant, row.verdict) for row in rows] == [("a", "as ours"), ("b", "unlike ours")]
    low, high = stats.t.interval(
        0.95, 11, values.mean(), values.std(ddof=1) * math.sqrt(1 + 1 / 12)
    )
    assert (rows[0].single_low, rows[0].single_high) == pytest.approx((low, high))
    (one,) = compare_published({"val_accuracy": {"c": 0.9}}, {"c": {"val_accuracy": few}})
    assert one.verdict == "too few seeds"


def test_one_more_run_is_as_ours_19_times_out_of_20():
    draws = np.random.default_rng(4)
    inside = 0
    for _ in range(1000):
        values = draws.normal(0.9, 0.01, 7)
        item = Interval(values.mean(), 0, 1, values.std(ddof=1), 6 + 1)
        (row,) = compare_published(
            {"val_accuracy": {"a": draws.normal(0.9, 0.01)}}, {"a": {"val_accuracy": item}}
        )
        inside += row.verdict == "as ours"
    assert stats.binomtest(inside, 1000, 0.95).pvalue > 0.001


@pytest.mark.parametrize(
    ("text", "fields", "value"),
    [
        ("0.8969 > 0.8541", {}, 0.0428),
        ("89.69 % > 85.41%", {}, 0.0428),
        ("0.793", {"kind": "threshold", "threshold": 0.75}, 0.043),
        ("+4.4 %", {}, None),
        ("faster", {}, None),
        (None, {}, None),
        ("0.9 and 0.8", {"kind": "interaction"}, None),
    ],
)
def test_published_differences_are_read_out_of_the_text(text, fields, value):
    claim = Claim("c", "s", "f", "a", ">", "b", "val_accuracy", published=text, **fields)
    assert published_difference(claim) == (None if value is None else pytest.approx(value))
