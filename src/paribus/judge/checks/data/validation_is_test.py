"""The official test set serves as validation set: nothing is left to test the winner on."""

from __future__ import annotations

from collections.abc import Iterator

from paribus.judge.evidence import Evidence
from paribus.judge.results import Finding

__all__ = ["check"]


def check(study: Evidence) -> Iterator[Finding]:
    """Report an error if several variants are compared on the official test set."""
    plan = study.plan
    used = [v.name for v in plan.variants if v.data.get("split", {}).get("validation") == "test"]
    if used and len(plan.variants) > 1:
        yield Finding(
            check="validation_is_test",
            severity="error",
            where="data.split.validation",
            evidence=f"{len(plan.variants)} variants are compared on the official test images",
            advice=(
                "Use `split: {validation: 0.2}`: on the images by which it was selected, a winner's score is "
                "too high on average."
            ),
        )
