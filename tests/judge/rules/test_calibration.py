"""Promised error rates by simulation through the product's own judging; `make calibrate` does more."""

import pytest
from scipy import stats

from benchmarks.calibration.__main__ import count
from benchmarks.calibration.scenarios import SCENARIOS

STUDIES = 300


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(SCENARIOS)), ids=lambda k: SCENARIOS[k].name)
def test_a_promised_rate_is_kept(number):
    scenario = SCENARIOS[number]
    if not scenario.promised:
        assert count(number, STUDIES // 10, stream=99) >= 0
        return
    hits = count(number, STUDIES, stream=99)
    if scenario.low:
        assert stats.binomtest(hits, STUDIES, 0.95).pvalue > 0.001
    else:
        assert stats.binomtest(hits, STUDIES, 0.05, alternative="greater").pvalue > 0.001


def test_a_rate_that_is_not_kept_would_be_seen():
    """A rule that errs in a fifth of the studies is not let through."""
    assert stats.binomtest(60, STUDIES, 0.05, alternative="greater").pvalue < 0.001
