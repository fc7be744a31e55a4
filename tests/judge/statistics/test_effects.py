"""Intervals against scipy; one seed has none."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from paribus.judge.statistics.effects import mean_interval
from paribus.judge.statistics.samples import Sample
from tests.judge.made_up import judged


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(-1, 1), min_size=3, max_size=20), st.integers(0, 99))
def test_intervals_are_scipys(values, seed):
    values = [v + k * 1e-3 for k, v in enumerate(values)]
    noise = np.random.default_rng(seed).normal(0, 1, len(values))
    own = mean_interval(list(noise))
    oracle = stats.ttest_1samp(noise, 0).confidence_interval(0.95)
    assert (own.low, own.high) == pytest.approx((oracle.low, oracle.high))
    assert own.std == pytest.approx(noise.std(ddof=1))
    own = Sample(tuple(noise - values))
    oracle = stats.ttest_rel(noise, values)
    assert own.interval(0.95) == pytest.approx(tuple(oracle.confidence_interval(0.95)))
    assert own.p_differs() == pytest.approx(oracle.pvalue)


def test_one_seed_has_no_interval():
    own = mean_interval([0.5])
    assert own.mean == 0.5
    assert math.isnan(own.low)
    single = Sample((0.5,))
    assert all(map(math.isnan, (*single.interval(0.95), single.p_differs(), single.p_equal(1.0))))
    assert judged(single, ">", 0.01) == "undecided"
