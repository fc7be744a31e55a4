"""What the seeds of a plan can find, against statsmodels."""

from dataclasses import replace

import numpy as np
import pytest
from statsmodels.stats.power import TTestPower

from paribus.judge.statistics.prospects import claim_prospects, detectable_difference
from paribus.judge.statistics.samples import Sample
from paribus.judge.verdicts import seeds_needed
from tests.judge.seeded_claims import claim, plan


def test_the_forecast_takes_the_shorter_way():
    near_zero = Sample(tuple(np.random.default_rng(0).normal(0, 0.01, 10)))
    assert seeds_needed(near_zero, ">", 0.02) < seeds_needed(near_zero, ">", 0.01)
    assert seeds_needed(Sample((0.1,) * 5), ">", 0.01) == 6
    assert seeds_needed(Sample((0.0,) * 5), "=", 0.01, num_claims=4) == 8
    assert Sample((0.0,) * 8).p_equal(0.01) <= 0.05 / 4 < Sample((0.0,) * 7).p_equal(0.01)
    assert seeds_needed(Sample((0.1,)), ">", 0.01) is None
    large = Sample(tuple(np.random.default_rng(0).normal(0.05, 0.01, 10)))
    assert seeds_needed(large, "=", 0.01) == 5


@pytest.mark.parametrize("n", [5, 10, 20])
@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_the_difference_that_seeds_find_is_statsmodels(n, alpha):
    oracle = TTestPower().solve_power(nobs=n, alpha=alpha, power=0.8)
    assert detectable_difference(n, alpha) == pytest.approx(oracle, rel=1e-3)


def test_prospects_say_what_cannot_succeed():
    one = claim("difference", factor="reg", left="bn", right="none")
    tested = replace(one, metric="test_accuracy")
    few = claim_prospects(plan(seeds=4, claims=(one,)))["c"]
    assert few == "cannot be decided: 4 seeds are fewer than 5."
    closed = claim_prospects(plan(claims=(tested,)))["c"]
    assert closed.startswith("cannot be judged: the test set is not opened")
    gone = replace(plan(claims=(one,)), variants=plan().variants[:1])
    assert claim_prospects(gone)["c"].startswith("cannot be judged: its variants")
    good = claim_prospects(plan(seeds=10, claims=(one,)))["c"]
    assert good == ("10 seeds find a difference of 0.01; the margin, 0.01, needs 10.")
    equal = claim_prospects(plan(seeds=10, claims=(replace(one, operator="="),)))["c"]
    assert equal == "11 seeds show that two equal sides are equal within 0.01."
