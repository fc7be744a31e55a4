"""Claims: averages over other factors, what cannot be judged, adjustments."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from paribus.judge.statistics.adjusting import benjamini_hochberg, holm
from paribus.records import EpochRecord
from tests.judge.crossed_images import CLAIM, study
from tests.judge.judging import judged
from tests.judge.made_up import GOOD, claim, plan, trials


def test_a_metric_may_be_taken_after_an_epoch_or_as_a_gap():
    plan, trials, _ = study(6)

    def with_curve(trial):
        rows = tuple(
            EpochRecord(k, {"val_accuracy": 0.1 * k + 0.05 * (trial.variant == "bn")}, 1, 1, 1)
            for k in (1, 2)
        )
        return replace(
            trial,
            curves=rows,
            metrics={**trial.metrics, "accuracy": trial.metrics["val_accuracy"] + 0.02},
        )

    trials = [with_curve(trial) for trial in trials]
    early, late, gap = (
        judged([replace(CLAIM, metric=metric)], plan, trials)[0]
        for metric in ("val_accuracy@1", "val_accuracy@3", "gap")
    )
    assert early.estimate == pytest.approx(0.05)
    assert late.verdict == "not assessable"
    assert late.reason == "none of its seeds has val_accuracy@3 for every variant"
    assert gap.estimate == pytest.approx(0.0, abs=1e-12)
    over = replace(CLAIM, metric="gap", kind="threshold", threshold=0.01)
    assert judged([over], plan, trials)[0].estimate == pytest.approx(0.01)


def judge_claim(claim, plan, trials):
    (row,) = judged([claim], plan, trials)
    return row


def test_a_claim_averages_over_other_factors_or_fixes_them():
    own, found = plan(), trials(GOOD)
    row = judge_claim(claim(), own, found)
    assert row.estimate == pytest.approx(0.035, abs=0.002)
    assert (row.verdict, row.n) == ("supported", 10)
    within = judge_claim(claim(within={"depth": "two"}), own, found)
    assert within.estimate == pytest.approx(0.02, abs=0.002)
    whole = judge_claim(claim("one/bn", ">", "two/none", factor=""), own, found)
    assert whole.estimate == pytest.approx(0.15, abs=0.002)


def test_what_cannot_be_judged_says_why():
    own, found = plan(), trials(GOOD)
    failed = [replace(found[0], status="failed", metrics={}), *found[1:]]
    row = judge_claim(replace(claim(), of="mean"), own, failed)
    assert row.verdict == "not assessable"
    assert row.reason.startswith(
        "1 trial failed (1 of one/none) and has no value to enter the mean"
    )
    row = judge_claim(claim(metric="test_accuracy"), own, found)
    assert row.verdict == "not assessable"
    assert "test set was not opened" in row.reason
    assert judge_claim(claim(), own, []).reason == "no seed has finished yet"
    begun = judge_claim(claim(), own, [t for t in found if t.seed < 3])
    assert (begun.verdict, begun.n) == ("not judged yet", 3)
    assert begun.reason.startswith("3 of 10 seeds; judged when complete")
    short = replace(own, seeds=(0, 1, 2))
    few = judge_claim(claim(), short, [t for t in found if t.seed < 3])
    assert (few.verdict, few.n) == ("undecided", 3)
    assert few.reason == "3 seeds are too few for a verdict; at least 5 are needed"


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_adjustments_are_statsmodels_and_scipys(p_values):
    assert holm(p_values) == pytest.approx(list(multipletests(p_values, method="holm")[1]))
    own = benjamini_hochberg(p_values)
    assert own == pytest.approx(list(stats.false_discovery_control(p_values)))
    with_gap = benjamini_hochberg([math.nan, *p_values])
    assert math.isnan(with_gap[0])
    assert with_gap[1:] == pytest.approx(own)
    assert holm([]) == benjamini_hochberg([]) == []
