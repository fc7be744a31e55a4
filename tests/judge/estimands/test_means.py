"""Means of contrasts where both sides learn, and over all seeds."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from tests.judge.estimands.collapsing import CHANCE, claim, plan, trials
from tests.judge.judging import judged

DRAWS = np.random.default_rng(0).normal(0, 0.01, 12)
GAIN = [0.05 + value for value in DRAWS]


def row_of(none, bn, one=None, **more):
    own = one or claim()
    (row,) = judged([own], plan(len(none), [own]), trials(none, bn), **more)
    return row


def test_without_collapse_it_is_the_paired_t_test():
    row = row_of([0.8] * 12, [0.8 + value for value in GAIN])
    assert (row.verdict, row.word, row.n) == ("supported", "supported", 12)
    assert row.p == pytest.approx(stats.ttest_1samp(GAIN, 0).pvalue)
    assert (row.low, row.high) == pytest.approx(
        stats.ttest_1samp(GAIN, 0).confidence_interval(0.95)
    )
    assert row.collapse is None


@pytest.mark.parametrize("lost", [CHANCE, None])
def test_seeds_in_which_a_side_collapsed_do_not_enter(lost):
    none, bn = [0.8] * 12, [0.8 + value for value in GAIN]
    none[3] = bn[7] = none[9] = lost
    row = row_of(none, bn)
    left = [value for k, value in enumerate(GAIN) if k not in (3, 7, 9)]
    assert row.p == pytest.approx(stats.ttest_1samp(left, 0).pvalue)
    assert (row.n, row.seeds, row.word) == (9, 12, "supported where both learn")
    assert (row.ahead, row.ties) == (11, 0)
    assert [(r.side, r.count, r.n) for r in row.collapse.rates] == [("bn", 1, 12), ("none", 2, 12)]
    wilson = stats.binomtest(2, 12).proportion_ci(method="wilson")
    assert (row.collapse.rates[1].low, row.collapse.rates[1].high) == pytest.approx(wilson)
    if lost is None:
        assert row.collapse.all_seeds is None
    else:
        mean = np.mean([b - a for a, b in zip(none, bn, strict=True)])
        assert row.collapse.all_seeds.estimate == pytest.approx(mean)


def test_a_winner_that_collapses_more_often_is_said_to():
    none, bn = [0.8] * 12, [0.8 + value for value in GAIN]
    bn[2] = bn[5] = CHANCE
    assert row_of(none, bn).word == "supported where both learn, but collapses more often"
    smaller = row_of(none, bn, claim("<"))
    assert smaller.word == "refuted where both learn, but bn collapses more often"
    lower = row_of(none, bn, claim("<", metric="val_loss"))
    assert lower.word == "supported where both learn, but collapses more often"
    none[1] = none[8] = CHANCE
    assert row_of(none, bn).word == "supported where both learn"


def test_below_five_seeds_that_learn_there_is_no_verdict():
    none, bn = [CHANCE] * 6 + [0.8] * 4, [0.9] * 10
    row = row_of(none, bn)
    assert (row.verdict, row.n) == ("undecided", 4)
    assert "learn together in 4 of 10 seeds only" in row.reason
    none = [CHANCE] * 10
    row = row_of(none, bn)
    assert row.verdict == "not assessable"
    assert row.reason.startswith("in none of 10 seeds do all its networks learn")


def test_the_mean_is_over_all_seeds_and_needs_them():
    none, bn = [0.8] * 12, [0.8 + value for value in GAIN]
    none[0] = CHANCE
    row = row_of(none, bn, claim(of="mean"))
    assert row.p == pytest.approx(stats.ttest_rel(bn, none).pvalue)
    assert row.n == 12
    none[0] = None
    assert row_of(none, bn, claim(of="mean")).verdict == "not assessable"


def test_one_claim_gets_the_interval_of_its_test_and_several_one_that_holds_together():
    none, bn = [0.8] * 12, [0.8 + value for value in GAIN]
    claims = [claim(margin=0.01 + 0.001 * k) for k in range(5)]
    rows = judged(claims, plan(12, claims), trials(none, bn))
    (first, *_) = rows
    wide = stats.ttest_1samp(GAIN, 0).confidence_interval(1 - 0.05 / 5)
    assert (first.low, first.high) == pytest.approx(wide)
    assert (first.plain_low, first.plain_high) == pytest.approx(
        stats.ttest_1samp(GAIN, 0).confidence_interval(0.95)
    )
    assert first.level == pytest.approx(0.99)


def test_an_interval_holds_nothing_that_its_verdict_excludes():
    """Holm decides the second claim at 5 %, where the simultaneous interval would reach beyond zero."""
    clear, close = np.full(6, 0.2), np.array([0.02, 0.004, 0.015, 0.009, 0.03, 0.002])
    p = stats.ttest_1samp(close, 0).pvalue
    assert 0.025 < p < 0.05
    own = [claim(), claim(metric="accuracy")]
    found = trials([0.5] * 6, list(0.5 + clear + np.linspace(0, 0.001, 6)))
    found = [
        t if t.variant == "none" else replace(t, metrics={**t.metrics, "accuracy": 0.5 + close[t.seed]})
        for t in found
    ]  # fmt: skip
    _, row = judged(own, plan(6, own), found)
    assert row.verdict == "supported"
    assert row.low == 0.0
    assert stats.ttest_1samp(close, 0).confidence_interval(0.975).low < 0
    assert row.high == pytest.approx(stats.ttest_1samp(close, 0).confidence_interval(0.975).high)


def test_a_fixed_plan_is_judged_at_its_last_seed_only():
    none, bn = [0.8] * 12, [0.8 + value for value in GAIN]
    own = claim()
    for done in range(1, 12):
        (row,) = judged([own], plan(12, [own]), trials(none[:done], bn[:done]))
        assert row.verdict == "not judged yet"
        assert row.reason.startswith(f"{done} of 12 seeds")
        assert math.isnan(row.adjusted_p)
    (row,) = judged([own], plan(12, [own]), trials(none, bn))
    assert row.verdict == "supported"
    finished_table = judged([own], plan(12, [own]), trials(none[:9], bn), more_to_come=False)
    assert finished_table[0].verdict == "supported"


def test_a_claim_that_waits_counts_in_the_family():
    none, bn = [0.8] * 12, [0.8 + value for value in GAIN]
    complete, waiting = claim(), claim(metric="loss")
    found = [
        t if (t.variant, t.seed) != ("bn", 0) else replace(t, metrics={}) for t in trials(none, bn)
    ]
    rows = judged([complete, waiting], plan(12, [complete, waiting]), found)
    assert {row.num_claims for row in rows} == {2}


def test_the_same_data_give_the_same_verdict_by_whichever_side_they_are_asked():
    none, bn = [0.8] * 12, [0.8 + value for value in GAIN]
    bn[3] = CHANCE
    over = row_of(none, bn)
    under = row_of(none, bn, replace(claim("<"), left="none", right="bn"))
    assert (over.verdict, over.p) == (under.verdict, under.p)
    assert over.low == -under.high


def test_seeds_far_from_the_others_are_noticed_and_normal_ones_are_not():
    from paribus.judge.statistics.samples import Sample

    draws = np.random.default_rng(4)
    called = [
        Sample(tuple(draws.normal(0, 1, n))).uneven for n in (7, 10, 20, 40) for _ in range(2000)
    ]
    assert np.mean(called) < 0.001
    far = [Sample((*draws.normal(0, 0.01, 9), 0.4)).uneven for _ in range(200)]
    assert np.mean(far) > 0.8
