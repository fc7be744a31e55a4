"""The summary of a study: independent of order, without trials of others, without NaN."""

import json
import random
from dataclasses import replace

import pytest

from paribus.judge.summary import summarise
from paribus.records import Look, SelectRule
from tests.judge.made_up import DATA, GOOD, claim, plan, trial, trials, variant


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


def test_errors_come_first():
    bad = variant("a", {}, data={**DATA, "preprocess": [], "split": {"validation": "test"}})
    results = summarise(plan(seeds=2, variants=(bad, variant("b", {}))), [])
    assert [f.severity for f in results.findings] == ["error", "warning", "warning"]
