"""Images that occur in two splits, or twice in the training set."""

from __future__ import annotations

from collections.abc import Iterator

from paribus.judge.evidence import Evidence
from paribus.judge.results import Finding
from paribus.records import DataFacts

__all__ = ["check"]

NOTABLE = 0.001
"""Smallest reported fraction of training images that repeat another one."""
SHOWN = 5
_SHARED = (
    "Remove these images from one of the two: a score on images that were used before says little "
    "about new images."
)
_REPEATED = "Remove the copies, unless these images are meant to count more than once in training."


def check(study: Evidence) -> Iterator[Finding]:
    """Warn of images shared between splits; note if many training images are repeated."""
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
            advice=_SHARED if crossing else _REPEATED,
        )


def _examples(facts: DataFacts) -> str:
    """List a few shared images: pairs of equal images if these were recorded, else ids."""
    more = " ..." if len(facts.examples) > SHOWN else ""
    if not facts.pairs:
        return "ids " + ", ".join(map(str, facts.examples[:SHOWN])) + more
    return ", ".join(f"{second} = {first}" for second, first in facts.pairs[:SHOWN]) + more
