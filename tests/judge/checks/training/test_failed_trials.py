"""The cause of a failure is what alone makes it vanish."""

from dataclasses import replace

import pytest

from tests.judge.checks.studied import found, observed, plan, trial

ROWS = ("nothing", "batch_size 16", "batch_size 64", "inputs standardised", "learning_rate / 10")


@pytest.mark.parametrize(
    ("helping", "advice"),
    [
        (
            {"learning_rate / 10"},
            "Lower the learning rate: that alone prevents the failure. "
            "Half or twice the batch size does not prevent it.",
        ),
        (
            {"inputs standardised", "learning_rate / 10"},
            "Add `scale` or `standardize` to `preprocess`: standardised inputs alone prevent the failure. "
            "Half or twice the batch size does not prevent it.",
        ),
        ({"batch_size 64"}, "Change the batch size: that alone prevents the failure."),
        (set(), "Look at the initial weights and the model: no single change that was tried prevents the failure."),
        (set(ROWS), "Look at the initial weights and the model: no single change that was tried prevents the failure."),
    ],
)  # fmt: skip
def test_the_cause_of_a_failure_is_what_alone_makes_it_vanish(helping, advice):
    rows = [{"change": name, "fails": name not in helping} for name in ROWS]
    failed = trial("b", 0, **observed(counterfactuals=rows), metrics={}, curves=())
    failed = replace(failed, status="failed", reason="the loss is not finite in epoch 1, step 3")
    (finding,) = found("failed_trials", plan(), [failed])
    assert finding.advice == advice
    if helping == {"learning_rate / 10"}:
        assert finding.evidence.endswith(
            "Seed 0 run again: it fails as it is, with batch_size 16, with batch_size 64 or with inputs standardised; "
            "it does not fail with learning_rate / 10"
        )
