"""Moving statistics need steps."""

from dataclasses import replace

from paribus.records import (
    Claim,
)
from tests.judge.checks.studied import PLAIN, found, observed, plan, study


def test_moving_statistics_need_steps():
    few = [replace(t, **observed(optimizer_steps=60)) for t in study()]
    (finding,) = found("batch_norm_memory", plan(), few)
    assert finding.where == "a"
    assert finding.evidence == (
        "after 60 steps at momentum 0.99, the initial values 0 and 1 still make up 55% of batch normalisation's moving mean and variance"
    )
    assert not found("batch_norm_memory", plan(model=PLAIN), few)


def test_moving_statistics_need_steps_before_an_epoch_that_a_claim_reads():
    early = Claim("early", "s", "", "a", ">", "b", "val_accuracy@1")
    late = replace(early, metric="val_accuracy@5")
    brief = [replace(t, **observed(optimizer_steps=600)) for t in study()]  # 6 epochs
    (finding,) = found("batch_norm_memory", plan(claims=(late, early)), brief)
    assert finding.where == "a"
    assert finding.evidence == (
        "after 100 steps at momentum 0.99 (epoch 1, which a claim reads), "
        "the initial values 0 and 1 still make up 37% of batch normalisation's moving mean and variance"
    )
    assert not found("batch_norm_memory", plan(claims=(late,)), brief)
    assert not found("batch_norm_memory", plan(claims=(early,)), study())
    of_others = replace(early, left="b", kind="threshold", threshold=0.5, right="")
    assert not found("batch_norm_memory", plan(claims=(of_others,)), brief)
