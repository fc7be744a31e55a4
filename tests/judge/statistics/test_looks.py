"""Planned looks: published boundaries, their error by simulation, and what a plan still needs."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from benchmarks.calibration.simulating import simulated_trial, two_by_two
from paribus.judge.claims.family import open_claims
from paribus.judge.selection import select_variant
from paribus.judge.statistics.looks import nominal_levels
from paribus.judge.summary import required_trials, summarise
from paribus.records import Claim
from tests.judge.judging import judged

LOOKS = (5, 10, 15, 20)
BN = Claim("bn", "s", "reg", "bn", ">", "none", "val_accuracy", margin=0.01)
DEPTH = Claim(
    "depth", "s", "depth", "one", ">", "two", "val_accuracy", {"reg": "none"}, margin=0.01
)


def test_boundaries_are_the_published_ones():
    assert [round(x, 4) for x in nominal_levels(LOOKS)] == [0.0031, 0.0105, 0.0214, 0.0364]
    assert nominal_levels((10,)) == pytest.approx((0.05,), abs=1e-6)


@pytest.mark.parametrize("looks", [LOOKS, (5, 20), (6, 7, 8, 30)])
def test_boundaries_spend_what_is_planned_up_to_every_look(looks):
    """The oracle integrates the joint normal distribution of all looks, not one look after another."""
    critical = stats.norm.isf(np.array(nominal_levels(looks)) / 2)
    times = np.array(looks) / looks[-1]
    for count in range(2, len(looks) + 1):
        t, c = times[:count], critical[:count]
        covariance = np.sqrt(np.minimum.outer(t, t) / np.maximum.outer(t, t))
        joint = stats.multivariate_normal(
            cov=covariance, abseps=1e-9, releps=1e-9, maxpts=5_000_000
        )
        joint.random_state = 0
        inside = joint.cdf(c, lower_limit=-c)
        assert 1 - inside == pytest.approx(0.05 * t[-1] ** 2, abs=1e-6)


@pytest.mark.parametrize("looks", [LOOKS, (5, 20), (6, 7, 8, 30)])
def test_all_looks_together_spend_the_error_and_no_more(looks):
    draws = np.random.default_rng(2)
    sums = np.cumsum(draws.normal(size=(200_000, looks[-1])), axis=1)
    critical = stats.norm.isf(np.array(nominal_levels(looks)) / 2)
    z = sums[:, np.array(looks) - 1] / np.sqrt(looks)
    crossed = (np.abs(z) > critical).any(axis=1).mean()
    assert crossed == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 200_000))


def study(gain, depth_gain, seeds, claims=(BN, DEPTH)):
    own = two_by_two(claims, LOOKS)
    draws = np.random.default_rng(4)
    trials = [
        simulated_trial(
            v,
            k,
            float(
                0.8
                + gain * (v.levels["reg"] == "bn")
                + depth_gain * (v.levels["depth"] == "one")
                + draws.normal(0, 0.004)
            ),
        )
        for k in own.seeds
        for v in own.variants
        if k < seeds.get(v.name, seeds["all"])
    ]
    return own, trials


def test_what_is_decided_stops_and_what_is_open_goes_on():
    own, none = study(0.05, 0.0, {"all": 0})
    first = required_trials(own, judged(own.claims, own, none))
    assert first == {(v.name, k) for v in own.variants for k in range(5)}
    own, trials = study(0.05, 0.002, {"all": 5})
    rows = judged(own.claims, own, trials)
    assert (rows[0].verdict, rows[0].look, rows[0].n) == ("supported", 1, 5)
    assert "decided early, at look 1: the estimate runs high" in rows[0].reason
    assert [claim.id for claim in open_claims(rows, own)] == ["depth"]
    more = required_trials(own, rows) - first
    assert more == {(name, k) for name in ("one/none", "two/none") for k in range(5, 10)}


def test_a_verdict_reached_early_does_not_change_with_later_seeds():
    own, trials = study(0.05, 0.002, {"all": 20})
    early = judged(own.claims, own, [t for t in trials if t.seed < 5])[0]
    late = judged(own.claims, own, trials)[0]
    assert early == late
    assert late.n == 5


def test_between_looks_nothing_is_judged():
    own, trials = study(0.05, 0.05, {"all": 4})
    rows = judged(own.claims, own, trials)
    assert {row.verdict for row in rows} == {"not judged yet"}
    own, trials = study(0.003, 0.001, {"all": 9})
    assert {row.n for row in judged(own.claims, own, trials)} == {5}


def test_the_interval_of_a_look_is_wider():
    own, trials = study(0.05, 0.0, {"all": 5}, claims=(BN,))
    (row,) = judged(own.claims, own, trials)
    fixed = replace(own, looks=(), seeds=tuple(range(5)))
    (plain,) = judged(own.claims, fixed, trials)
    assert row.estimate == plain.estimate
    assert row.low < plain.low < plain.high < row.high


def test_variants_are_selected_by_seeds_that_all_of_them_have():
    own, trials = study(0.0, 0.002, {"all": 5, "one/none": 10, "two/none": 10})
    chosen = select_variant(own, trials, set())
    assert chosen.interval.n == 5
    results = summarise(own, trials)
    assert not results.complete
    assert {row.n for row in results.variants} == {5, 10}
