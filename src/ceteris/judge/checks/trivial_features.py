"""Classes that can be told from one pixel, or from the mean colour."""

from __future__ import annotations

from collections.abc import Iterator

from ceteris.judge.evidence import Evidence
from ceteris.judge.results import Finding

__all__ = ["check"]

HALFWAY = 0.5
"""Of the way from guessing to knowing."""


def check(study: Evidence) -> Iterator[Finding]:
    """Warn of data that give their classes away without any shape."""
    seen = set()
    for name, facts in study.facts.items():
        classes = sum(count > 0 for count in facts.class_counts["train"])
        if classes < 2:
            continue
        limit = 1 / classes + HALFWAY * (1 - 1 / classes)
        found = {kind: value for kind, value in facts.trivial.items() if value >= limit}
        key = tuple(found.items())
        if not found or key in seen:
            continue
        seen.add(key)
        said = " and ".join(f"{kind} alone {value:.0%}" for kind, value in found.items())
        yield Finding(
            check="trivial_features",
            severity="warning",
            where=f"the data of {name}",
            evidence=f"of the validation images, the nearest class mean of {said} is right",
            advice="Look for marks, borders, backgrounds or cameras that differ between classes.",
        )
