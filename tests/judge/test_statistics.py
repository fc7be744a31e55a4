"""Tests, adjustments and forecasts against scipy and statsmodels; contrasts by hand."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower
from statsmodels.stats.weightstats import ttost_paired

from paribus.judge.claims import benjamini_hochberg, holm, judge_claims
from paribus.judge.overview import factorial_overview
from paribus.judge.statistics.contrasts import contrasts_of
from paribus.judge.statistics.prospects import claim_prospects, detectable_difference
from paribus.judge.statistics.samples import Sample, seeds_for_direction, seeds_for_equality
from paribus.judge.verdicts import seeds_needed
from paribus.records import Claim, Plan, SelectRule, StoredTrial, Variant

NUMBERS = st.lists(st.floats(-1, 1), min_size=5, max_size=20)


def spread(values, seed):
    draws = np.random.default_rng(seed).normal(0, 0.1, len(values))
    return tuple(float(v) for v in np.array(values) + draws)


@settings(max_examples=40, deadline=None)
@given(NUMBERS, st.integers(0, 99), st.floats(0.01, 0.5))
def test_p_values_are_scipys_and_statsmodels(values, seed, margin):
    sample = Sample(spread(values, seed))
    array = np.array(sample.values)
    assert sample.p_differs() == pytest.approx(stats.ttest_1samp(array, 0).pvalue)
    zeros = np.zeros(len(array))
    p, *_ = ttost_paired(array, zeros, -margin, margin)
    assert sample.p_equal(margin) == pytest.approx(p)
    low, high = sample.interval(0.90)
    assert (sample.p_equal(margin) <= 0.05) == (-margin <= low and high <= margin)
    beyond = 2 * min(
        stats.ttest_1samp(array, margin, alternative="greater").pvalue,
        stats.ttest_1samp(array, -margin, alternative="less").pvalue,
    )
    assert sample.p_differs(margin) == pytest.approx(min(1.0, beyond))


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(-1, 1), min_size=3, max_size=10), st.integers(0, 99))
def test_sign_flips_are_scipys(values, seed):
    sample = Sample(spread(values, seed))
    oracle = stats.permutation_test(
        (np.array(sample.values),),
        np.mean,
        permutation_type="samples",
        n_resamples=np.inf,
        alternative="two-sided",
    )
    assert sample.p_flip() == pytest.approx(oracle.pvalue)
    every = [
        abs(sum(s * v for s, v in zip(signs, sample.values, strict=True)))
        for signs in itertools.product((1, -1), repeat=sample.n)
    ]
    observed = abs(sum(sample.values))
    assert sample.p_flip() == pytest.approx(np.mean(np.array(every) >= observed * (1 - 1e-12)))


def test_many_sign_flips_are_drawn_and_near_the_exact_answer():
    values = tuple(np.random.default_rng(3).normal(0.4, 1, 18))
    patterns = 1 - 2 * ((np.arange(2**18)[:, None] >> np.arange(18)) & 1)
    exact = np.mean(np.abs(patterns @ np.array(values)) >= abs(sum(values)) - 1e-12)
    found = Sample(values).p_flip()
    assert abs(found - exact) < 4 * math.sqrt(exact * (1 - exact) / 5_000)
    assert found == Sample(values).p_flip()


def test_values_that_are_all_equal_are_left_to_the_signs():
    sample = Sample((0.02,) * 6)
    assert sample.p_differs() == sample.p_flip() == 2 ** (1 - 6)
    assert sample.p_equal(0.03) == 2 ** (1 - 6)
    assert sample.p_equal(0.01) == 1.0
    assert Sample((0.0,) * 6).p_differs() == 1.0


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


@pytest.mark.parametrize("effect", [0.3, 0.5, 0.8, 1.0, 1.5, 2.0])
@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_seeds_to_find_an_effect_are_statsmodels(effect, alpha):
    found = seeds_for_direction(effect, alpha)
    oracle = TTestPower()
    assert oracle.power(effect, found, alpha) >= 0.8
    assert oracle.power(effect, found - 1, alpha) < 0.8
    assert seeds_for_direction(-effect, alpha) == found


def test_seeds_are_the_published_ones():
    """mean / SD of differences -> seeds for 80 % power."""
    assert [seeds_for_direction(e, 0.05) for e in (0.5, 0.8, 1, 1.5, 2)] == [34, 15, 10, 6, 5]
    assert [seeds_for_direction(e, 0.01) for e in (0.5, 0.8, 1, 1.5, 2)] == [51, 22, 16, 9, 7]
    # 15, 10, 6, 4 are published; ours is a lower bound of the power, which costs at most one seed.
    assert [seeds_for_equality(0, m, 0.05) for m in (0.8, 1, 1.5, 2)] == [15, 11, 6, 4]
    assert seeds_for_direction(0.0, 0.05) is None
    assert seeds_for_equality(1.0, 1.0, 0.05) is None


def test_power_of_equality_by_simulation():
    n = seeds_for_equality(0.2, 1.0, 0.05)
    draws = np.random.default_rng(5).normal(0.2, 1, (4000, n))
    shown = sum(Sample(tuple(row)).p_equal(1.0) <= 0.05 for row in draws)
    assert stats.binomtest(shown, 4000, 0.8).proportion_ci(0.999).high > 0.8
    fewer = sum(Sample(tuple(row[: n // 2])).p_equal(1.0) <= 0.05 for row in draws)
    assert fewer < shown * 0.9


def test_the_forecast_takes_the_shorter_way():
    near_zero = Sample(tuple(np.random.default_rng(0).normal(0, 0.01, 10)))
    assert seeds_needed(near_zero, ">", 0.02) < seeds_needed(near_zero, ">", 0.01)
    assert seeds_needed(Sample((0.1,) * 5), ">", 0.01) == 6
    assert seeds_needed(Sample((0.0,) * 5), "=", 0.01, num_claims=4) == 8
    assert Sample((0.0,) * 8).p_equal(0.01) <= 0.05 / 4 < Sample((0.0,) * 7).p_equal(0.01)
    assert seeds_needed(Sample((0.1,)), ">", 0.01) is None
    large = Sample(tuple(np.random.default_rng(0).normal(0.05, 0.01, 10)))
    assert seeds_needed(large, "=", 0.01) == 5


def variants(levels):
    factors = tuple(levels)
    for combination in itertools.product(*levels.values()):
        names = dict(zip(factors, combination, strict=True))
        yield Variant("/".join(combination), names, {}, {}, {})


LEVELS = {"size": ("large-64", "small-8", "mid-32"), "reg": ("none", "bn"), "depth": ("one", "two")}


def plan(seeds=8, claims=(), levels=LEVELS):
    own = tuple(variants(levels))
    return Plan("s", "q", own[0].name, levels, own, tuple(range(seeds)), claims, SelectRule())


def trials(own, accuracy, noise=0.001):
    draws = np.random.default_rng(1)
    common = {seed: draws.normal(0, 0.05) for seed in own.seeds}
    return [
        StoredTrial(
            identity=f"{v.name}{seed}",
            variant=v.name,
            levels=v.levels,
            seed=seed,
            fit_on="train",
            status="done",
            attempts=1,
            epochs=1,
            wall_seconds=1.0,
            metrics={"val_accuracy": accuracy(v.levels) + common[seed] + draws.normal(0, noise)},
        )
        for v in own.variants
        for seed in own.seeds
    ]


SIZES = {"small-8": 0, "mid-32": 1, "large-64": 2}


def claim(kind, **fields):
    values = {"factor": "", "left": "", "operator": ">", "right": "", "metric": "val_accuracy"}
    return Claim("c", "says", kind=kind, margin=0.01, **{**values, **fields})


TREND = claim("trend", factor="size", left="size", levels=("small-8", "mid-32", "large-64"))
INTERACTION = claim(
    "interaction", factor="reg", left="bn", right="none", operator="depends", other="size"
)


def rows(claims, accuracy, noise=0.001, own=None):
    own = own or plan()
    return judge_claims(claims, own, trials(own, accuracy, noise))


def test_a_trend_is_the_change_along_its_line():
    (row,) = rows([TREND], lambda v: 0.7 + 0.03 * SIZES[v["size"]])
    assert row.verdict == "supported"
    assert row.estimate == pytest.approx(0.06, abs=0.002)
    (falls,) = rows([replace(TREND, operator="<")], lambda v: 0.7 + 0.03 * SIZES[v["size"]])
    assert falls.verdict == "refuted"
    bend = {"small-8": 0.0, "mid-32": 0.05, "large-64": 0.03}
    (bent,) = rows([TREND], lambda v: 0.7 + bend[v["size"]])
    assert bent.verdict == "refuted"
    assert bent.reason == "one step between neighbouring levels goes the other way for sure"


def test_an_interaction_is_a_difference_of_differences():
    def gain(v):
        return 0.02 * SIZES[v["size"]] if v["reg"] == "bn" else 0.0

    (row,) = rows([INTERACTION], lambda v: 0.7 + gain(v))
    assert row.verdict == "supported"
    assert abs(row.estimate) == pytest.approx(0.04, abs=0.002)
    (none,) = rows([INTERACTION], lambda v: 0.7 + 0.02 * (v["reg"] == "bn"))
    assert none.verdict == "practically equal"
    two = replace(INTERACTION, other="depth")
    (row,) = rows([two], lambda v: 0.7 + 0.03 * (v["reg"] == "bn" and v["depth"] == "two"))
    assert row.estimate == pytest.approx(0.03, abs=0.002)
    assert row.p == pytest.approx(row.adjusted_p)


def test_a_threshold_is_held_against_the_number_itself():
    own = plan(seeds=12)
    steady = [
        replace(t, metrics={"val_accuracy": 0.8 + 0.001 * t.seed}) for t in trials(own, lambda v: 0)
    ]
    over = claim("threshold", factor="reg", left="bn", right="0.75", threshold=0.75)
    (row,) = judge_claims([over], own, steady)
    assert row.verdict == "supported"
    assert row.estimate == pytest.approx(0.8 + 0.0055 - 0.75)
    (row,) = judge_claims([replace(over, threshold=0.9)], own, steady)
    assert row.verdict == "refuted"


def test_sides_are_matched_by_their_other_levels():
    own = plan()
    kept = tuple(
        v for v in own.variants if v.levels != {"size": "mid-32", "reg": "bn", "depth": "two"}
    )
    (contrast,) = contrasts_of(
        claim("difference", factor="reg", left="bn", right="none"), replace(own, variants=kept)
    )
    assert len(contrast.weights) == 10
    assert sum(contrast.weights.values()) == pytest.approx(0.0)
    assert not any("mid-32" in name and name.endswith("two") for name in contrast.weights)
    gone = replace(own, variants=kept[:1])
    for item in (TREND, INTERACTION, claim("difference", factor="reg", left="bn", right="none")):
        (row,) = judge_claims([item], gone, [])
        assert row.verdict == "not assessable"


def test_more_claims_ask_for_more_evidence():
    own = plan(seeds=10)
    found = trials(own, lambda v: 0.7 + 0.002 * (v["reg"] == "bn"), noise=0.004)
    one = claim("difference", factor="reg", left="bn", right="none")
    (alone,) = judge_claims([one], own, found)
    family = judge_claims([one, *[replace(one, left="none", right="bn")] * 19], own, found)
    assert alone.adjusted_p == alone.p
    assert family[0].p == alone.p
    assert family[0].adjusted_p == pytest.approx(min(1.0, 20 * alone.p))


def test_a_verdict_that_the_signs_do_not_confirm_is_fragile():
    own = plan(seeds=6, levels={"reg": ("none", "bn")})
    # one seed is just on the other side: the t test is sure, 6 signs cannot be
    gains = [0.03, 0.031, 0.029, 0.03, 0.032, -0.0005]
    found = [
        replace(t, metrics={"val_accuracy": 0.8 + (gains[t.seed] if t.variant == "bn" else 0)})
        for t in trials(own, lambda v: 0)
    ]
    (row,) = judge_claims([claim("difference", factor="reg", left="bn", right="none")], own, found)
    assert row.verdict == "supported"
    assert row.p_flip == pytest.approx(4 / 64)
    assert row.fragile
    assert "fragile: the sign-flip test does not confirm it" in row.reason


def test_ties_are_counted_and_count_half_of_a_seed_ahead():
    own = plan(seeds=10, levels={"reg": ("none", "bn")})
    gains = [0.0] * 3 + [0.02] * 5 + [-0.01] * 2
    found = [
        replace(t, metrics={"val_accuracy": 0.5 + (gains[t.seed] if t.variant == "bn" else 0)})
        for t in trials(own, lambda v: 0)
    ]
    (row,) = judge_claims([claim("difference", factor="reg", left="bn", right="none")], own, found)
    assert (row.ahead, row.ties) == (6.5, 3)


def test_an_open_claim_that_the_signs_would_decide_is_fragile_too():
    own = plan(seeds=10, levels={"reg": ("none", "bn")})
    gains = [0.03] * 9 + [0.78]  # one seed of the other side has learned nothing
    found = [
        replace(t, metrics={"val_accuracy": 0.1 + (gains[t.seed] if t.variant == "bn" else 0)})
        for t in trials(own, lambda v: 0)
    ]
    (row,) = judge_claims([claim("difference", factor="reg", left="bn", right="none")], own, found)
    assert row.verdict in ("undecided", "cannot be decided by seeds")
    assert row.ahead == 10
    assert row.fragile
    assert f"the sign-flip test does find a difference (p = {2 * 0.5**10:.2g})" in row.reason
    spread_out = [
        replace(t, metrics={"val_accuracy": 0.1 + (t.seed - 4.5) * 0.01 * (t.variant == "bn")})
        for t in found
    ]
    (row,) = judge_claims(
        [claim("difference", factor="reg", left="bn", right="none")], own, spread_out
    )
    assert not row.fragile


def test_a_claim_declared_late_is_exploratory_and_takes_nothing_from_the_others():
    own = plan(seeds=10)
    found = trials(own, lambda v: 0.7 + 0.004 * (v["reg"] == "bn"), noise=0.004)
    first = claim("difference", factor="reg", left="bn", right="none")
    late = replace(first, id="late", left="none", right="bn", operator="<")
    (alone,) = judge_claims([first], own, found)
    rows = judge_claims([first, late, late], own, found, declared=[first])
    assert [row.exploratory for row in rows] == [False, True, True]
    assert rows[0] == alone
    assert rows[1].adjusted_p == pytest.approx(3 * rows[1].p)
    changed = judge_claims([replace(first, margin=0.02)], own, found, declared=[first])
    assert changed[0].exploratory


@pytest.mark.parametrize("alpha", [0.05, 0.0134, 0.001, 0.00015])
def test_larger_effects_and_wider_margins_need_no_more_seeds(alpha):
    sizes = np.geomspace(0.16, 200, 60)
    directions = [seeds_for_direction(float(size), alpha) for size in sizes]
    equalities = [seeds_for_equality(0.02, float(size), alpha) for size in sizes[5:]]
    for numbers in (directions, equalities):
        assert None not in numbers
        assert numbers == sorted(numbers, reverse=True)
        assert numbers[-1] <= 3


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


def test_the_overview_is_the_linear_model_of_a_balanced_design():
    import pandas as pd
    from statsmodels.formula.api import ols

    levels = {"reg": ("none", "bn"), "depth": ("one", "two")}
    own = plan(seeds=6, levels=levels)
    found = trials(
        own,
        lambda v: (
            0.7 + 0.03 * (v["reg"] == "bn") - 0.02 * (v["depth"] == "two") * (v["reg"] == "bn")
        ),
        noise=0.005,
    )
    rows = {row.what: row for row in factorial_overview(own, found, "val_accuracy")}
    assert list(rows) == ["reg: bn - none", "depth: two - one", "(bn - none) at two - at one"]
    frame = pd.DataFrame(
        {**t.levels, "seed": t.seed, "y": t.metrics["val_accuracy"]} for t in found
    )
    frame["a"] = np.where(frame.reg == "bn", 0.5, -0.5)
    frame["b"] = np.where(frame.depth == "two", 0.5, -0.5)
    fit = ols("y ~ C(seed) + a * b", frame).fit()
    assert rows["reg: bn - none"].estimate == pytest.approx(fit.params["a"])
    assert rows["depth: two - one"].estimate == pytest.approx(fit.params["b"])
    assert rows["(bn - none) at two - at one"].estimate == pytest.approx(fit.params["a:b"])
    assert all(row.low < row.estimate < row.high for row in rows.values())
    assert factorial_overview(plan(levels={"reg": ("none", "bn")}), found, "val_accuracy") == ()
    assert factorial_overview(own, found[:1], "val_accuracy") == ()
