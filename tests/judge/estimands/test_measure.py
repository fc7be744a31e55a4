"""What a claim is measured by: thresholds, signs, ties."""

from dataclasses import replace

import pytest

from tests.judge.judging import judged
from tests.judge.seeded_claims import claim, plan, trials


def test_a_threshold_is_held_against_the_number_itself():
    own = plan(seeds=12)
    steady = [
        replace(t, metrics={"val_accuracy": 0.8 + 0.001 * t.seed}) for t in trials(own, lambda v: 0)
    ]
    over = claim("threshold", factor="reg", left="bn", right="0.75", threshold=0.75)
    (row,) = judged([over], own, steady)
    assert row.verdict == "supported"
    assert row.estimate == pytest.approx(0.8 + 0.0055 - 0.75)
    (row,) = judged([replace(over, threshold=0.9)], own, steady)
    assert row.verdict == "refuted"


def test_a_verdict_that_the_signs_do_not_confirm_is_fragile():
    own = plan(seeds=6, levels={"reg": ("none", "bn")})
    # one seed is just on the other side: the t test is sure, 6 signs cannot be
    gains = [0.03, 0.031, 0.029, 0.03, 0.032, -0.0005]
    found = [
        replace(t, metrics={"val_accuracy": 0.8 + (gains[t.seed] if t.variant == "bn" else 0)})
        for t in trials(own, lambda v: 0)
    ]
    (row,) = judged([claim("difference", factor="reg", left="bn", right="none")], own, found)
    assert row.verdict == "supported"
    assert row.p_flip == pytest.approx(4 / 64)
    assert row.fragile
    assert "fragile: a test that assumes no normal distribution does not confirm it" in row.reason


def test_ties_are_counted_and_count_half_of_a_seed_ahead():
    own = plan(seeds=10, levels={"reg": ("none", "bn")})
    gains = [0.0] * 3 + [0.02] * 5 + [-0.01] * 2
    found = [
        replace(t, metrics={"val_accuracy": 0.5 + (gains[t.seed] if t.variant == "bn" else 0)})
        for t in trials(own, lambda v: 0)
    ]
    (row,) = judged([claim("difference", factor="reg", left="bn", right="none")], own, found)
    assert (row.ahead, row.ties) == (6.5, 3)


def test_an_open_claim_that_the_signs_would_decide_is_fragile_too():
    own = plan(seeds=10, levels={"reg": ("none", "bn")})
    gains = [0.03] * 9 + [0.78]  # one seed of the other side has learned nothing
    found = [
        replace(t, metrics={"val_accuracy": 0.1 + (gains[t.seed] if t.variant == "bn" else 0)})
        for t in trials(own, lambda v: 0)
    ]
    (row,) = judged([claim("difference", factor="reg", left="bn", right="none")], own, found)
    assert row.verdict in ("undecided", "cannot be decided by seeds")
    assert row.ahead == 10
    assert row.fragile
    assert row.p_flip == 2 * 0.5**10
    assert row.uneven
    assert "a few seeds are far from the others" in row.reason
    assert "`of: wins`" in row.reason
    spread_out = [
        replace(t, metrics={"val_accuracy": 0.1 + (t.seed - 4.5) * 0.01 * (t.variant == "bn")})
        for t in found
    ]
    (row,) = judged([claim("difference", factor="reg", left="bn", right="none")], own, spread_out)
    assert not row.fragile
