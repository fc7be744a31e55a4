"""Equal images with different labels: no network can classify both correctly."""

from __future__ import annotations

from collections.abc import Iterator

from paribus.judge.evidence import Evidence
from paribus.judge.results import Finding
from paribus.records import DataFacts

__all__ = ["check"]

SHOWN = 5
"""Largest number of pairs listed in a finding."""


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
            evidence=f"{facts.contradictory:,} images occur with different labels"
            + (f" ({_examples(facts)})" if facts.clashes else ""),
            advice="Look at them, and correct or remove them: no network can be right about all copies of one image.",
        )


def _examples(facts: DataFacts) -> str:
    more = " ..." if len(facts.clashes) > SHOWN else ""
    return ", ".join(f"{one} = {other}" for one, other in facts.clashes[:SHOWN]) + more
