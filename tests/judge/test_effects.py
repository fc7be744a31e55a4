"""Effects and leads are the differences that claims judge: of the seeds in which both networks learn."""

import math

import pytest
from scipy import stats

from paribus.judge.claims.evidence import ClaimEvidence
from paribus.judge.effects import baseline_effects, leads
from paribus.judge.results import Selection
from paribus.judge.statistics.effects import mean_interval
from tests.judge.made_up import GOOD, plan, trial, trials


def selection(name, runner_up):
    return Selection(name, "val_accuracy", mean_interval([0.5, 0.6]), runner_up, "none", {})


def evidence(collapsed=frozenset()):
    return ClaimEvidence(plan(), trials(GOOD), collapsed=collapsed)


def paired(name, other, without=()):
    found = {(t.variant, t.seed): t.metrics["val_accuracy"] for t in trials(GOOD)}
    return [found[name, k] - found[other, k] for k in range(10) if k not in without]


@pytest.mark.parametrize("hit", [(), (3,), (1, 4)])
def test_an_effect_is_the_t_interval_of_the_paired_seeds_where_both_learn(hit):
    own = evidence({("one/bn", seed) for seed in hit})
    rows = {(row.variant, row.metric): row for row in baseline_effects(own)}
    row = rows["one/bn", "val_accuracy"]
    found = stats.ttest_1samp(paired("one/bn", "one/none", hit), 0)
    low, high = found.confidence_interval()
    assert (row.low, row.high) == pytest.approx((low, high))
    assert (row.n, row.seeds, row.collapsed, row.baseline_collapsed) == (10 - len(hit), 10, len(hit), 0)  # fmt: skip
    assert rows["two/bn", "val_accuracy"].n == 10, "the collapse of one variant is no other's"


def test_rates_are_adjusted_over_the_variants_of_a_metric():
    rows = [row for row in baseline_effects(evidence()) if row.metric == "val_accuracy"]
    p = [stats.ttest_1samp(paired(row.variant, "one/none"), 0).pvalue for row in rows]
    assert [row.q for row in rows] == pytest.approx(list(stats.false_discovery_control(p)))


def test_the_winner_leads_the_baseline_and_the_runner_up():
    own = evidence({("one/bn", 0)})
    one, other = leads(own, selection("one/bn", "two/bn"))
    assert (one.baseline, other.baseline) == ("one/none", "two/bn")
    assert other.estimate == pytest.approx(sum(paired("one/bn", "two/bn", (0,))) / 9)
    assert math.isnan(one.q)
    (only,) = leads(own, selection("one/bn", "one/none"))
    assert only.baseline == "one/none", "said once, where the runner-up is the baseline"
    assert [row.baseline for row in leads(own, selection("one/none", "one/bn"))] == ["one/bn"]
    assert leads(own, selection("one/none", None)) == ()


def test_a_failed_seed_is_no_seed_of_a_lead():
    found = [
        trial("one/none", t.seed, 0.1, status="failed") if (t.variant, t.seed) == ("one/none", 5) else t
        for t in trials(GOOD)
    ]  # fmt: skip
    own = ClaimEvidence(plan(), found, collapsed={("one/none", 5)})
    (row,) = leads(own, selection("one/bn", "one/none"))
    assert (row.n, row.seeds, row.baseline_collapsed) == (9, 10, 1)


def test_an_effect_has_an_exploratory_verdict_on_being_better():
    """By q, with a margin of a point, and not before the last seed."""
    rows = {(row.variant, row.metric): row for row in baseline_effects(evidence())}
    assert rows["one/bn", "val_accuracy"].verdict == "supported"
    assert rows["one/bn", "val_loss"].verdict == "supported", "a smaller loss is better"
    assert rows["two/none", "val_accuracy"].verdict == "refuted"
    waiting = ClaimEvidence(plan(seeds=11), trials(GOOD))
    assert {row.verdict for row in baseline_effects(waiting)} == {"not judged yet"}
    ended = ClaimEvidence(plan(seeds=11), trials(GOOD), more_to_come=False)
    assert {row.variant: row.verdict for row in baseline_effects(ended)}["one/bn"] == "supported"
    assert {row.verdict for row in leads(evidence(), selection("one/bn", "two/bn"))} == {None}
