"""Selection needs every seed and follows its metric."""

from dataclasses import replace

import pytest

from paribus.judge.selection import missing_trials, select_variant
from paribus.records import SelectRule
from tests.judge.made_up import GOOD, plan, trial, trials


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
