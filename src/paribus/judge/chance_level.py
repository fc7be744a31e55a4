"""Chance level of a trial: the accuracy that guessing gives on one of its splits."""

from __future__ import annotations

from collections.abc import Mapping

from paribus.judge.statistics.chance import majority_share
from paribus.observed import Part
from paribus.records import DataFacts, StoredTrial

__all__ = ["chance_level"]

LARGEST_CLASS = 0.02
"""Allowance for imbalance, added to 1 / classes where class counts are unknown."""


def chance_level(
    trial: StoredTrial, part: Part, classes: int, facts: Mapping[str, DataFacts]
) -> float | None:
    """Return the majority-class rate of a split.

    Args:
        trial: a trial; class counts that it observed come first.
        part: ``train`` or ``validation``.
        classes: number of classes, 0 if unknown.
        facts: variant -> statistics of its images, used where the trial has no counts.

    Returns:
        Without any counts 1 / classes plus `LARGEST_CLASS`; None if the number of classes is
        unknown, too.
    """
    known = facts.get(trial.variant)
    counts = trial.observed.class_counts.get(part) or (
        known.class_counts.get(part) if known else None
    )
    if counts and sum(counts):
        return majority_share(counts)
    return 1 / classes + LARGEST_CLASS if classes > 1 else None
