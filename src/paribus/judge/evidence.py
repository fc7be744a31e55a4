"""What a check may look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from paribus.records import DataDescription, DataFacts, Plan, StoredTrial

__all__ = ["Evidence"]


@dataclass(frozen=True)
class Evidence:
    """A study as checks see it."""

    plan: Plan
    trials: Sequence[StoredTrial]
    """Fitted on the training part."""
    facts: Mapping[str, DataFacts] = field(default_factory=dict)
    """Variant -> what its images are like; empty where nobody has looked."""
    descriptions: Mapping[str, DataDescription] = field(default_factory=dict)
    """Variant -> shape and class names of its data; empty where they are not known (`paribus audit`)."""
