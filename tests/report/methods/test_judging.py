"""The methods paragraph names the tests that judged, how they were adjusted, and which claims came late."""

from dataclasses import replace
from types import SimpleNamespace
from typing import get_args

import pytest

from paribus.records import Estimand
from paribus.report.methods.judging import judging_sentences
from tests.judge.made_up import claim, plan


def told(*claims, looks=(), late=0):
    study = replace(plan(claims=claims), looks=looks)
    rows = [SimpleNamespace(exploratory=k < late) for k in range(len(claims))]
    return " ".join(judging_sentences(study, SimpleNamespace(claims=rows)))


KINDS = {
    "paired t tests": claim(),
    "two one-sided paired t tests within the margin": claim(operator="="),
    "one-sample t tests": claim(kind="threshold", right="0.5", threshold=0.5),
    "differences of differences": claim(operator="depends", kind="interaction", other="depth"),
    "least-squares slopes": claim(kind="trend", levels=("none", "bn")),
    "seeds and images as crossed samples": claim(scope="data-source"),
    "exact sign tests over seeds": claim(of="wins"),
    "exact McNemar tests": claim(of="collapse"),
}


@pytest.mark.parametrize("test", KINDS)
def test_each_kind_of_claim_has_its_test_and_no_other(test):
    found = told(KINDS[test])
    assert {name for name in KINDS if name in found.replace("one-sided paired t tests", "one-sided pairs")} | {test} == {test}  # fmt: skip
    assert test in found
    everything = told(*KINDS.values())
    assert all(name in everything for name in KINDS)


def test_the_seeds_that_count_are_those_of_the_estimand():
    words = {
        "learned": "over the seeds in which no network of a claim collapsed",
        "mean": "over all seeds",
        "wins": "a side that collapsed alone is behind",
        "collapse": "the seeds in which one side collapsed",
    }
    assert set(words) == set(get_args(Estimand))
    for of, text in words.items():
        assert text in told(claim(of=of))
        assert ("A network collapsed if" in told(claim(of=of))) == (of != "mean")


def test_the_adjustment_is_the_one_that_was_used():
    one, many = (claim(),), tuple(replace(claim(), id=str(k)) for k in range(3))
    assert told(*one).endswith("The level was 5 %.")
    assert "Holm" not in told(*one)
    assert "Bonferroni" not in told(*one, looks=(5, 10))
    assert "For 3 claims, p values of differences were adjusted by Holm's method" in told(*many)
    at_looks = told(*many, looks=(5, 10))
    assert "planned looks of 5 and 10 seeds, with alpha spending" in at_looks
    assert "Bonferroni's adjustment for 3 claims" in at_looks
    assert "Holm" not in at_looks


def test_late_claims_and_none_are_said():
    assert "No claim was declared" in told()
    assert "declared before the first result." in told(claim())
    text = told(claim(), replace(claim(), id="d"), late=1)
    assert text.startswith(
        "1 claim was declared before the first result and 1 claim came later and is exploratory."
    )
