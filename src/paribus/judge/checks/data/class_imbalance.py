"""Imbalanced training classes: accuracy then mostly measures the large classes."""

from __future__ import annotations

from collections.abc import Iterator

from paribus.judge.evidence import Evidence
from paribus.judge.results import Finding

__all__ = ["check"]

NOTABLE = 3.0
"""Smallest reported ratio of the largest class to the smallest."""


def check(study: Evidence) -> Iterator[Finding]:
    """Warn if one class has several times the training images of another."""
    seen = set()
    for name, facts in study.facts.items():
        counts = facts.class_counts["train"]
        smallest, largest = min(counts), max(counts)
        if (smallest, largest) in seen or largest < NOTABLE * max(smallest, 1):
            continue
        seen.add((smallest, largest))
        yield Finding(
            check="class_imbalance",
            severity="warning",
            where=f"the data of {name}",
            evidence=(
                f"training classes have {smallest:,} to {largest:,} images; guessing the largest "
                f"class is right {largest / sum(counts):.1%} of the time"
            ),
            advice="Read accuracy beside that number, and look at the confusion matrix class by class.",
        )
