"""The same image in two splits, or in one split twice."""

from __future__ import annotations

from collections.abc import Iterator

from paribus.judge.evidence import Evidence
from paribus.judge.results import Finding
from paribus.records import DataFacts

__all__ = ["check"]

NOTABLE = 0.001
"""Share of the training images."""
SHOWN = 5


def check(study: Evidence) -> Iterator[Finding]:
    """Warn of images that cross splits; note many repeated ones."""
    seen = set()
    for name, facts in study.facts.items():
        crossing = {pair: count for pair, count in facts.shared.items() if count}
        train = sum(facts.class_counts["train"])
        repeated = facts.repeated if facts.repeated > NOTABLE * train else 0
        key = (tuple(crossing.items()), repeated)
        if key in seen or not (crossing or repeated):
            continue
        seen.add(key)
        parts = [
            f"{count:,} {second} {'image is' if count == 1 else 'images are'} also in {first}"
            for pair, count in crossing.items()
            for first, second in [pair.split(", ")]
        ]
        if repeated:
            parts.append(f"{repeated:,} of {train:,} training images repeat another one")
        yield Finding(
            check="duplicates",
            severity="warning" if crossing else "note",
            where=f"the data of {name}",
            evidence="; ".join(parts) + (f" ({_examples(facts)})" if crossing else ""),
            advice="A network may know these by heart: scores on them say little about new images.",
        )


def _examples(facts: DataFacts) -> str:
    """Return a few images, each with the one that it equals where that was kept."""
    more = " ..." if len(facts.examples) > SHOWN else ""
    if not facts.pairs:
        return "ids " + ", ".join(map(str, facts.examples[:SHOWN])) + more
    return ", ".join(f"{second} = {first}" for second, first in facts.pairs[:SHOWN]) + more
