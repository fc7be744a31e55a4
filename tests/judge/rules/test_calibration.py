"""Promised error rates by simulation through the product's own judging; `make calibrate` does more."""

import pytest
from scipy import stats

from benchmarks.calibration import SCENARIOS, count

STUDIES = 500


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda item: item.name)
def test_a_promised_rate_is_kept(scenario):
    hits = count(scenario, STUDIES, stream=99)
    if scenario.counts == "covered":
        assert stats.binomtest(hits, STUDIES, 0.95).pvalue > 0.001
    else:
        assert stats.binomtest(hits, STUDIES, 0.05, alternative="greater").pvalue > 0.001
