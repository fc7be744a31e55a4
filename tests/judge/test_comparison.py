"""Results of two runs: whether they contradict, against scipy, and how often by chance."""

import math

import numpy as np
import pytest
from scipy import stats

from paribus.judge.comparison import compare_results
from paribus.judge.summary import summarise
from paribus.records import Plan, SelectRule, StoredTrial, Variant


def results(gain, level=0.8, seeds=10, stream=0):
    draws = np.random.default_rng(stream)
    own = tuple(Variant(name, {}, {}, {}, {}) for name in ("a", "b"))
    plan = Plan("s", "", "a", {}, own, tuple(range(seeds)), (), SelectRule(test="never"))
    trials = [
        StoredTrial(f"{n}{k}", n, {}, k, "train", "done", 1, 1, 1.0,
                    {"val_accuracy": level + extra + draws.normal(0, 0.004)})
        for n, extra in (("a", 0.0), ("b", gain)) for k in range(seeds)
    ]  # fmt: skip
    return summarise(plan, trials)


def values(found, name):
    return [t.metrics["val_accuracy"] for t in found.trials if t.variant == name]


def test_the_test_is_scipys():
    left, right = results(0.02), results(0.05, stream=1, seeds=14)
    rows = {row.what: row for row in compare_results(left, right, "val_accuracy")}
    assert list(rows) == ["b - a", "a", "b"]
    for name in ("a", "b"):
        oracle = stats.ttest_ind(values(left, name), values(right, name), equal_var=False)
        assert rows[name].p == pytest.approx(oracle.pvalue)
        assert (rows[name].low, rows[name].high) == pytest.approx(
            tuple(oracle.confidence_interval(0.95))
        )
    gains = [np.subtract(values(r, "b"), values(r, "a")) for r in (left, right)]
    assert rows["b - a"].p == pytest.approx(stats.ttest_ind(*gains, equal_var=False).pvalue)
    assert rows["b - a"].verdict == rows["b"].verdict == "contradictory"
    assert rows["a"].verdict == "compatible"


def test_equal_truths_contradict_rarely():
    wrong = sum(
        any(row.verdict == "contradictory" for row in compare_results(
            results(0.02, stream=2 * k), results(0.02, stream=2 * k + 1), "val_accuracy"))
        for k in range(300)
    )  # fmt: skip
    assert stats.binomtest(wrong, 300, 0.05, alternative="greater").pvalue > 0.001


def test_few_seeds_decide_nothing():
    rows = compare_results(results(0.0, seeds=3), results(0.2, seeds=3, stream=1), "val_accuracy")
    assert {row.verdict for row in rows} == {"too few seeds"}
    (row, *_) = compare_results(results(0.0, seeds=1), results(0.2, seeds=1), "val_accuracy")
    assert math.isnan(row.p)
