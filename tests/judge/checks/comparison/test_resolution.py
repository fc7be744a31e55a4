"""Margins below what the images can tell."""

from dataclasses import replace

from paribus.records import (
    Claim,
)
from tests.judge.checks.studied import found, observed, plan, study


def test_a_margin_below_the_resolution_is_told():
    claim = Claim("fine", "s", "", "a", ">", "b", "val_accuracy", margin=0.002)
    (finding,) = found("resolution", plan(claims=(claim,)), study())
    assert finding.where == "claims fine"
    assert finding.evidence == (
        "with 10,000 validation images, one accuracy has a standard error of 0.3 points, more than the margin of 0.2 points"
    )
    assert not found("resolution", plan(claims=(replace(claim, margin=0.01),)), study())


def test_all_images_right_is_no_resolution_of_zero():
    claim = Claim("fine", "s", "", "a", ">", "b", "val_accuracy", margin=0.05)
    six = [
        replace(
            t,
            **observed(validation_examples=6),
            metrics={**t.metrics, "val_accuracy": 1.0},
        )
        for t in study()
    ]
    (finding,) = found("resolution", plan(claims=(claim,)), six)
    assert finding.severity == "warning"
    assert not found("resolution", plan(claims=(replace(claim, margin=0.2),)), six)
