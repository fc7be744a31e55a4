"""Seeds crossed with images, two networks on the same images, published values: oracles by hand and by library."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar

from paribus.judge.claims import judge_claims
from paribus.judge.marks import Marks, contrast_table
from paribus.judge.published import compare_published, published_difference
from paribus.judge.statistics.contrasts import Contrast
from paribus.judge.statistics.crossed import Spread, crossed_spread
from paribus.judge.statistics.effects import Interval
from paribus.judge.statistics.mcnemar import mcnemar
from paribus.judge.statistics.samples import Sample, seeds_in_scope
from paribus.judge.verdicts import seeds_needed
from paribus.records import Claim, EpochRecord, Plan, SelectRule, StoredTrial, Variant

CLAIM = Claim("c", "says", "reg", "bn", ">", "none", "val_accuracy", margin=0.01)
SOURCE = Claim(
    "c", "says", "reg", "bn", ">", "none", "val_accuracy", margin=0.01, scope="data-source"
)
IDS = np.arange(50, 350)


def drawn(seeds, images, *, of_seed, of_image, of_rest, stream=0):
    draws = np.random.default_rng(stream)
    return (
        0.02
        + draws.normal(0, of_seed, seeds)[:, None]
        + draws.normal(0, of_image, images)[None]
        + draws.normal(0, of_rest, (seeds, images))
    )


def test_the_mean_squares_are_those_of_the_linear_model():
    import pandas as pd
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    table = drawn(5, 12, of_seed=0.5, of_image=1.0, of_rest=0.7)
    rows = [(k, i, table[k, i]) for k in range(5) for i in range(12)]
    frame = pd.DataFrame(rows, columns=["seed", "image", "y"])
    anova = anova_lm(ols("y ~ C(seed) + C(image)", frame).fit())
    squares = dict(zip(anova.index, anova["mean_sq"], strict=True))
    total = squares["C(seed)"] + squares["C(image)"] - squares["Residual"]
    found = crossed_spread(table)
    assert found.error == pytest.approx(math.sqrt(total / 60))
    assert found.floor == pytest.approx(math.sqrt((squares["C(image)"] - squares["Residual"]) / 60))
    parts = (
        squares["C(seed)"] ** 2 / 4,
        squares["C(image)"] ** 2 / 11,
        squares["Residual"] ** 2 / 44,
    )
    assert found.freedom == pytest.approx(total**2 / sum(parts))


def test_without_image_effects_it_is_the_seeds_error():
    table = np.repeat(drawn(8, 1, of_seed=1.0, of_image=0.0, of_rest=0.0), 30, axis=1)
    found = crossed_spread(table)
    assert found.error == pytest.approx(stats.sem(table.mean(1)))
    assert found.freedom == pytest.approx(7)
    assert found.floor == 0.0
    assert all(math.isnan(v) for v in vars(crossed_spread(table[:1])).values())


def test_the_interval_covers_the_mean_of_the_source():
    covered = narrow = 0
    for stream in range(400):
        table = drawn(8, 60, of_seed=0.01, of_image=0.2, of_rest=0.4, stream=stream)
        values = tuple(table.mean(1))
        low, high = Sample(values, crossed_spread(table)).interval(0.95)
        covered += low <= 0.02 <= high
        low, high = Sample(values).interval(0.95)
        narrow += low <= 0.02 <= high
    assert stats.binomtest(covered, 400, 0.95).pvalue > 0.001
    assert narrow < 0.9 * 400


def test_seeds_do_not_help_beyond_the_floor():
    sample = Sample((0.01, 0.012, 0.008, 0.01, 0.011, 0.009), Spread(0.006, 20.0, 0.0058))
    assert seeds_in_scope(sample, 0.01, 0.05, equality=False) is None
    assert seeds_needed(sample, ">", 0.01) is None
    free = Sample(sample.values, Spread(0.006, 20.0, 0.0))
    n = seeds_in_scope(free, 0.01, 0.05, equality=False)
    error = 0.006 * math.sqrt(6 / n)
    assert 1 - stats.norm.cdf(stats.norm.ppf(0.975) - 0.01 / error) >= 0.8
    assert seeds_in_scope(free, 0.1, 0.05, equality=True) < n


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 200))
def test_two_networks_are_statsmodels(only_left, only_right, both):
    left = np.array([True] * (only_left + both) + [False] * only_right, dtype=bool)
    right = np.array([False] * only_left + [True] * (both + only_right), dtype=bool)
    found = mcnemar(left, right)
    assert (found.only_left, found.only_right) == (only_left, only_right)
    oracle = statsmodels_mcnemar([[both, only_left], [only_right, 0]], exact=True)
    assert found.p == pytest.approx(min(1.0, oracle.pvalue))


def study(seeds, *, gain=0.05, images=300, other_ids=False):
    """Trials of two variants, with marks of every image."""
    own = tuple(Variant(name, {"reg": name}, {}, {}, {}) for name in ("none", "bn"))
    plan = Plan(
        "s", "q", "none", {"reg": ("none", "bn")}, own, tuple(range(seeds)), (), SelectRule()
    )
    draws = np.random.default_rng(3)
    hard = draws.random(images)
    marks, trials = {}, []
    for name in ("none", "bn"):
        for seed in range(seeds):
            right = hard + draws.normal(0, 0.05, images) > 0.3 - gain * (name == "bn")
            ids = IDS[:images] + (name == "bn") * other_ids
            marks[name, seed] = Marks(ids, right)
            metrics = {"val_accuracy": float(right.mean())}
            trials.append(
                StoredTrial(f"{name}{seed}", name, {"reg": name}, seed, "train", "done", 1, 1, 1.0, metrics)
            )  # fmt: skip
    return plan, trials, lambda name, seed, metric: marks.get((name, seed))


def test_a_claim_about_the_source_is_less_sure_than_one_about_these_images():
    plan, trials, marking = study(8)
    (here,) = judge_claims([CLAIM], plan, trials, marking=marking)
    (source,) = judge_claims([SOURCE], plan, trials, marking=marking)
    assert source.estimate == pytest.approx(here.estimate)
    assert source.high - source.low > 1.3 * (here.high - here.low)
    table = contrast_table(Contrast({"bn": 1.0, "none": -1.0}), range(8), "val_accuracy", marking)
    assert source.image_error == pytest.approx(crossed_spread(table).floor)
    assert here.image_error is None
    assert math.isnan(source.p_flip)
    assert not source.fragile


def test_a_threshold_about_the_source_takes_its_constant_off():
    plan, trials, marking = study(6)
    over = Claim(
        "c",
        "s",
        "reg",
        "bn",
        ">",
        "0.5",
        "val_accuracy",
        kind="threshold",
        threshold=0.5,
        scope="data-source",
    )
    (row,) = judge_claims([over], plan, trials, marking=marking)
    accuracy = np.mean([marking("bn", seed, "").right.mean() for seed in range(6)])
    assert row.estimate == pytest.approx(accuracy - 0.5)
    assert row.low < row.estimate < row.high


def test_the_source_needs_every_image():
    plan, trials, marking = study(6)
    (without,) = judge_claims([SOURCE], plan, trials)
    assert without.verdict == "not assessable"
    assert without.reason == (
        "its scope needs every image's prediction, on the same images for all variants"
    )
    plan, trials, marking = study(6, other_ids=True)
    (other,) = judge_claims([SOURCE], plan, trials, marking=marking)
    assert other.verdict == "not assessable"


def test_one_seed_speaks_of_two_networks_and_of_nothing_else():
    plan, trials, marking = study(1)
    (row,) = judge_claims([CLAIM], plan, trials, marking=marking)
    left, right = marking("bn", 0, "").right, marking("none", 0, "").right
    assert row.verdict == "undecided"
    assert row.networks == mcnemar(left, right)
    assert row.reason == (
        "1 seed is too few for a verdict; at least 5 are needed. Of these two networks, "
        f"{np.sum(left & ~right)} images are right in the first only and {np.sum(right & ~left)} in the second "
        f"only (exact McNemar test: p = {row.networks.p:.2g}), which says nothing about other seeds"
    )
    (two,) = judge_claims([CLAIM], *study(2)[:2], marking=study(2)[2])
    assert two.networks is None


def test_published_values_are_held_against_one_more_run():
    values = np.random.default_rng(1).normal(0.9, 0.01, 12)
    item = Interval(values.mean(), 0.89, 0.91, values.std(ddof=1), 12)
    few = Interval(0.9, math.nan, math.nan, math.nan, 1)
    rows = compare_published(
        {"val_accuracy": {"a": 0.905, "b": 0.99, "gone": 0.5}, "loss": {"a": 1.0}},
        {"a": {"val_accuracy": item}, "b": {"val_accuracy": item}, "c": {"val_accuracy": few}},
    )
    assert [(row.variant, row.verdict) for row in rows] == [("a", "as ours"), ("b", "unlike ours")]
    low, high = stats.t.interval(
        0.95, 11, values.mean(), values.std(ddof=1) * math.sqrt(1 + 1 / 12)
    )
    assert (rows[0].single_low, rows[0].single_high) == pytest.approx((low, high))
    (one,) = compare_published({"val_accuracy": {"c": 0.9}}, {"c": {"val_accuracy": few}})
    assert one.verdict == "too few seeds"


def test_one_more_run_is_as_ours_19_times_out_of_20():
    draws = np.random.default_rng(4)
    inside = 0
    for _ in range(1000):
        values = draws.normal(0.9, 0.01, 7)
        item = Interval(values.mean(), 0, 1, values.std(ddof=1), 6 + 1)
        (row,) = compare_published(
            {"val_accuracy": {"a": draws.normal(0.9, 0.01)}}, {"a": {"val_accuracy": item}}
        )
        inside += row.verdict == "as ours"
    assert stats.binomtest(inside, 1000, 0.95).pvalue > 0.001


@pytest.mark.parametrize(
    ("text", "fields", "value"),
    [
        ("0.8969 > 0.8541", {}, 0.0428),
        ("89.69 % > 85.41%", {}, 0.0428),
        ("0.793", {"kind": "threshold", "threshold": 0.75}, 0.043),
        ("+4.4 %", {}, None),
        ("faster", {}, None),
        (None, {}, None),
        ("0.9 and 0.8", {"kind": "interaction"}, None),
    ],
)
def test_published_differences_are_read_out_of_the_text(text, fields, value):
    claim = Claim("c", "s", "f", "a", ">", "b", "val_accuracy", published=text, **fields)
    assert published_difference(claim) == (None if value is None else pytest.approx(value))


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
        judge_claims([replace(CLAIM, metric=metric)], plan, trials)[0]
        for metric in ("val_accuracy@1", "val_accuracy@3", "gap")
    )
    assert early.estimate == pytest.approx(0.05)
    assert late.verdict == "undecided"
    assert gap.estimate == pytest.approx(0.0, abs=1e-12)
    over = replace(CLAIM, metric="gap", kind="threshold", threshold=0.01)
    assert judge_claims([over], plan, trials)[0].estimate == pytest.approx(0.01)
