"""One image with two labels: no network can get both right."""

from __future__ import annotations

from collections.abc import Iterator

from ceteris.judge.evidence import Evidence
from ceteris.judge.results import Finding

__all__ = ["check"]


def check(study: Evidence) -> Iterator[Finding]:
    """Warn of equal images whose labels differ."""
    seen = set()
    for name, facts in study.facts.items():
        if not facts.contradictory or facts.contradictory in seen:
            continue
        seen.add(facts.contradictory)
        yield Finding(
            check="contradictory_labels",
            severity="warning",
            where=f"the data of {name}",
            evidence=f"{facts.contradictory:,} images occur with different labels",
            advice="Look at them; at least one label of each is wrong.",
        )
