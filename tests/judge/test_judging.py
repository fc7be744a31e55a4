"""Intervals, verdicts, claims, selection and checks: oracles, tables, simulation, symmetry."""

import json
import math
import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from paribus.judge.checks import all_checks
from paribus.judge.claims import judge_claims
from paribus.judge.evidence import Evidence
from paribus.judge.selection import missing_trials, select_variant
from paribus.judge.statistics.effects import mean_interval
from paribus.judge.statistics.samples import Sample
from paribus.judge.summary import summarise
from paribus.judge.verdicts import judge_difference, primary_p
from paribus.records import Claim, Look, Plan, SelectRule, StoredTrial, Variant

DATA = {"source": "digits", "split": {"validation": 0.2}, "preprocess": [{"scale": {}}]}


def variant(name, levels, **more):
    return Variant(name, levels, more.get("data", DATA), {}, {}, warnings=more.get("warnings", ()))


def plan(*, seeds=10, claims=(), select=None, variants=None):
    cells = [(d, r) for d in ("one", "two") for r in ("none", "bn")]
    own = variants or tuple(variant(f"{d}/{r}", {"depth": d, "reg": r}) for d, r in cells)
    factors = {"depth": ("one", "two"), "reg": ("none", "bn")}
    return Plan(
        "s",
        "q?",
        own[0].name,
        factors,
        own,
        tuple(range(seeds)),
        tuple(claims),
        select or SelectRule(),
    )


def trial(name, seed, accuracy, **more):
    metrics = {
        "accuracy": accuracy,
        "loss": 1.0,
        "val_accuracy": accuracy,
        "val_loss": 1 - accuracy,
    }
    values = {"status": "done", "fit_on": "train", "metrics": metrics, **more}
    return StoredTrial(
        f"{name}{seed}{values['fit_on']}",
        name,
        {},
        seed,
        attempts=1,
        epochs=1,
        wall_seconds=1.0,
        **values,
    )


def trials(values, seeds=10):
    """Variant -> base accuracy; every seed adds its own common part and some noise."""
    draws = np.random.default_rng(0)
    common = draws.normal(0, 0.02, seeds)
    return [
        trial(name, k, float(base + common[k] + draws.normal(0, 0.002)))
        for name, base in values.items()
        for k in range(seeds)
    ]


GOOD = {"one/none": 0.80, "one/bn": 0.85, "two/none": 0.70, "two/bn": 0.72}


def claim(says_left="bn", operator=">", right="none", **more):
    values = {"factor": "reg", "metric": "val_accuracy", "margin": 0.01, **more}
    return Claim("c", "says", left=says_left, operator=operator, right=right, **values)


def judge_claim(claim, plan, trials):
    (row,) = judge_claims([claim], plan, trials)
    return row


def judged(sample, operator, margin):
    """The verdict of a claim that is the only one."""
    p = primary_p(sample, operator, margin)
    return judge_difference(sample, operator, margin, adjusted_p=p)


def with_interval(low, high, n):
    """Values whose 95 % t interval is the given one."""
    half, middle = (high - low) / 2, (high + low) / 2
    step = half / stats.t.ppf(0.975, n - 1) * math.sqrt(n - 1)
    signs = [1, -1] * (n // 2)
    return Sample(tuple(middle + step * sign for sign in signs))


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


@pytest.mark.parametrize(
    ("low", "high", "n", "operator", "verdict"),
    [
        (0.02, 0.04, 10, ">", "supported"),
        (0.02, 0.04, 10, "<", "refuted"),
        (-0.04, -0.02, 10, "<", "supported"),
        (0.001, 0.009, 10, ">", "supported but negligible"),
        (-0.009, -0.001, 10, ">", "practically equal"),
        (-0.005, 0.005, 10, ">", "practically equal"),
        (-0.02, 0.005, 10, ">", "undecided"),
        (-0.04, -0.02, 10, ">", "refuted"),
        (-0.005, 0.005, 10, "=", "supported"),
        (0.02, 0.04, 10, "=", "refuted"),
        (-0.012, 0.004, 10, "=", "undecided"),
        (-0.02, 0.005, 10, "=", "cannot be decided by seeds"),
        (0.02, 0.04, 4, ">", "undecided"),
    ],
)
def test_the_table_of_verdicts(low, high, n, operator, verdict):
    assert judged(with_interval(low, high, n), operator, 0.01) == verdict


def numbers(low, high):
    """Floats whose squares are normal floats, too, or zero: else another unit rounds otherwise."""
    return st.floats(low, high).filter(lambda number: number == 0 or abs(number) > 1e-100)


@settings(max_examples=25, deadline=None)
@given(numbers(-0.1, 0.1), numbers(0, 0.1), numbers(0, 0.05))
def test_swapping_the_sides_mirrors_the_verdict_and_units_do_not_matter(estimate, half, margin):
    sample = with_interval(estimate - half, estimate + half, 10)
    mirrored = Sample(tuple(-value for value in sample.values))
    larger = Sample(tuple(128 * value for value in sample.values))
    for operator, other in ((">", "<"), ("<", ">"), ("=", "=")):
        verdict = judged(sample, operator, margin)
        assert judged(mirrored, other, margin) == verdict
        assert judged(larger, operator, 128 * margin) == verdict


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
    row = judge_claim(claim(), own, failed)
    assert (row.verdict, row.reason) == (
        "not assessable",
        "1 of its trials failed, and leaving them out would flatter the rest",
    )
    row = judge_claim(claim(metric="test_accuracy"), own, found)
    assert row.verdict == "not assessable"
    assert "test set was not opened" in row.reason
    assert judge_claim(claim(), own, []).reason == "no seed has finished yet"
    few = judge_claim(claim(), own, [t for t in found if t.seed < 3])
    assert (few.verdict, few.n) == ("undecided", 3)
    assert few.reason == "3 seeds are too few for a verdict; at least 5 are needed"


def test_selection_needs_every_seed_and_follows_its_metric():
    own, found = plan(), trials(GOOD)
    required = {(variant.name, seed) for variant in own.variants for seed in own.seeds}
    chosen = select_variant(own, found, required)
    assert (chosen.variant, chosen.runner_up, chosen.interval.n) == ("one/bn", "one/none", 10)
    third = [t.variant == "one/bn" and t.seed == 3 for t in found]
    missing = [t for t, gone in zip(found, third, strict=True) if not gone]
    assert select_variant(own, missing, required) is None, "one is missing: nothing is chosen"
    assert missing_trials(missing, required) == {("one/bn", 3)}
    for status in ("pending", "running"):
        begun = [replace(t, status=status) if it else t for t, it in zip(found, third, strict=True)]
        assert select_variant(own, begun, required) is None
    failed = [replace(t, status="failed") if it else t for t, it in zip(found, third, strict=True)]
    assert select_variant(own, failed, required).variant == "one/none", "a failed one has ended"
    by_loss = plan(select=SelectRule(by="val_loss"))
    assert select_variant(by_loss, found, required).variant == "one/bn"
    assert select_variant(own, [], required) is None


def test_test_metrics_come_from_the_refitted_trials():
    own = plan(select=SelectRule(refit="train+validation"))
    found = trials(GOOD)
    refits = [
        trial(
            "one/bn",
            k,
            0.9,
            fit_on="train+validation",
            metrics={
                "accuracy": 0.9,
                "loss": 0.1,
                "test_accuracy": 0.8 + k / 1000,
                "test_loss": 0.5,
            },
        )
        for k in range(10)
    ]
    chosen = select_variant(own, found + refits, set())
    assert chosen.test["test_accuracy"].mean == pytest.approx(0.8045)
    assert select_variant(own, found, set()).test == {}


def test_the_order_of_trials_does_not_matter_and_json_has_no_nan():
    own = plan(claims=[claim(), claim(metric="test_accuracy")], seeds=10)
    found = trials(GOOD)
    looks = [Look("x", "one/bn", 0, "final", "2026-01-01T00:00:00+00:00")]
    first = json.dumps(summarise(own, found, looks).to_json(), allow_nan=False)
    random.Random(1).shuffle(found)
    assert json.dumps(summarise(own, found, looks).to_json(), allow_nan=False) == first
    plain = json.loads(first)
    assert plain["claims"][1]["estimate"] is None
    assert plain["variants"][0]["metrics"]["val_accuracy"]["mean"] == pytest.approx(0.8, abs=0.02)


def test_trials_of_other_variants_and_seeds_are_left_out():
    own, found = plan(seeds=5), trials(GOOD)
    extra = [*found, trial("gone", 0, 0.99)]
    results = summarise(own, extra)
    assert len(results.trials) == 20
    assert {row.n for row in results.variants} == {5}
    assert not results.complete, "the test set was not opened"
    assert summarise(replace(own, select=SelectRule(test="never")), extra).complete


CHECKED = {
    "few_seeds": (plan(seeds=3), []),
    "failed_trials": (plan(), [trial("one/bn", 2, 0.1, status="failed", reason="boom")]),
    "unscaled_pixels": (
        plan(variants=(variant("a", {}, data={**DATA, "preprocess": []}), variant("b", {}))),
        [],
    ),
    "validation_is_test": (
        plan(
            variants=(
                variant("a", {}, data={**DATA, "split": {"validation": "test"}}),
                variant("b", {}),
            )
        ),
        [],
    ),
    "second_differences": (
        plan(variants=(variant("a", {}), variant("b", {}, warnings=("also this",)))),
        [],
    ),
}


def test_every_check_is_discovered_and_has_a_case():
    assert set(all_checks()) == {*CHECKED, *MORE_CHECKED}


MORE_CHECKED = {
    "overfitting", "underfitting", "not_converged", "at_chance", "unequal_budgets", "resolution",
    "declared_optimizer", "batch_norm_memory", "lone_example", "counted_accuracy",
    "duplicates", "contradictory_labels", "class_imbalance", "warm_start",
    "dead_units", "vanishing_gradients", "shared_learning_rate", "unsteady_evaluation", "late_ranking",
    "contradicted_labels", "treated_differently", "best_epoch", "selection_optimism", "trivial_features",
}  # fmt: skip
"""Their cases are in test_checks.py."""


@pytest.mark.parametrize("name", CHECKED)
def test_a_check_finds_its_case_and_is_silent_on_a_clean_study(name):
    check = all_checks()[name]
    own, found = CHECKED[name]
    findings = list(check(Evidence(own, found)))
    assert [finding.check for finding in findings] == [name]
    assert all((f.evidence and f.advice and f.where) for f in findings)
    assert list(check(Evidence(plan(), trials(GOOD)))) == []


def test_errors_come_first():
    bad = variant("a", {}, data={**DATA, "preprocess": [], "split": {"validation": "test"}})
    results = summarise(plan(seeds=2, variants=(bad, variant("b", {}))), [])
    assert [f.severity for f in results.findings] == ["error", "warning", "warning"]
