"""The input of a check: everything that is known about a study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from paribus.records import DataDescription, DataFacts, Plan, StoredTrial

__all__ = ["Evidence"]


@dataclass(frozen=True)
class Evidence:
    """Plan, trials and data of a study, as checks see them."""

    plan: Plan
    trials: Sequence[StoredTrial]
    """Trials fitted on the training set (not refits on training and validation set)."""
    facts: Mapping[str, DataFacts] = field(default_factory=dict)
    """Variant -> statistics of its images and labels; empty if the data were not examined."""
    descriptions: Mapping[str, DataDescription] = field(default_factory=dict)
    """Variant -> input shape and class names of its data; empty if unknown, as in `paribus audit`."""
