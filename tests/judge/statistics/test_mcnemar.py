"""Two networks on the same images, against statsmodels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar

from paribus.judge.statistics.mcnemar import mcnemar


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 200))
def test_two_networks_are_statsmodels(only_left, only_right, both):
    left = np.array([True] * (only_left + both) + [False] * only_right, dtype=bool)
    right = np.array([False] * only_left + [True] * (both + only_right), dtype=bool)
    found = mcnemar(left, right)
    assert (found.only_left, found.only_right) == (only_left, only_right)
    oracle = statsmodels_mcnemar([[both, only_left], [only_right, 0]], exact=True)
    assert found.p == pytest.approx(min(1.0, oracle.pvalue))
