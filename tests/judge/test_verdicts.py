"""Verdicts: a table of them, and symmetry of sides and units."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from paribus.judge.statistics.samples import Sample
from tests.judge.made_up import judged


def with_interval(low, high, n):
    """Values whose 95 % t interval is the given one."""
    half, middle = (high - low) / 2, (high + low) / 2
    step = half / stats.t.ppf(0.975, n - 1) * math.sqrt(n - 1)
    signs = [1, -1] * (n // 2)
    return Sample(tuple(middle + step * sign for sign in signs))


@pytest.mark.parametrize(
    ("low", "high", "n", "operator", "verdict"),
    [
        (0.02, 0.04, 10, ">", "supported"),
        (0.02, 0.04, 10, "<", "refuted"),
        (-0.04, -0.02, 10, "<", "supported"),
        (0.001, 0.009, 10, ">", "supported but negligible"),
        (-0.009, -0.001, 10, ">", "practically equal"),
        (-0.005, 0.005, 10, ">", "practically equal"),
        (-0.02, 0.005, 10, ">", "undecided"),
        (-0.04, -0.02, 10, ">", "refuted"),
        (-0.005, 0.005, 10, "=", "supported"),
        (0.02, 0.04, 10, "=", "refuted"),
        (-0.012, 0.004, 10, "=", "undecided"),
        (-0.02, 0.005, 10, "=", "cannot be decided by seeds"),
        (0.02, 0.04, 4, ">", "undecided"),
    ],
)
def test_the_table_of_verdicts(low, high, n, operator, verdict):
    assert judged(with_interval(low, high, n), operator, 0.01) == verdict


def numbers(low, high):
    """Floats whose squares are normal floats, too, or zero: else another unit rounds otherwise."""
    return st.floats(low, high).filter(lambda number: number == 0 or abs(number) > 1e-100)


@settings(max_examples=25, deadline=None)
@given(numbers(-0.1, 0.1), numbers(0, 0.1), numbers(0, 0.05))
def test_swapping_the_sides_mirrors_the_verdict_and_units_do_not_matter(estimate, half, margin):
    sample = with_interval(estimate - half, estimate + half, 10)
    mirrored = Sample(tuple(-value for value in sample.values))
    larger = Sample(tuple(128 * value for value in sample.values))
    for operator, other in ((">", "<"), ("<", ">"), ("=", "=")):
        verdict = judged(sample, operator, margin)
        assert judged(mirrored, other, margin) == verdict
        assert judged(larger, operator, 128 * margin) == verdict
