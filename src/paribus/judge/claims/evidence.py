"""What claims are judged by: the plan, its trials, and which of them collapsed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from paribus.judge.estimands.collapse import collapsed_trials
from paribus.judge.estimands.measure import measure_claim
from paribus.judge.estimands.measured import Measured, Unjudged
from paribus.judge.marks import Marking
from paribus.records import Claim, DataDescription, DataFacts, Plan, StoredTrial

__all__ = ["ClaimEvidence", "claim_evidence", "images_of"]


@dataclass(frozen=True)
class ClaimEvidence:
    """What claims are judged by."""

    plan: Plan
    trials: Sequence[StoredTrial]
    """Trials fitted on the training set."""
    marking: Marking | None = None
    """Which images each trial classifies correctly; needed for claims with the scope "data-source",
    and for McNemar's test where there is one seed."""
    collapsed: Collection[tuple[str, int]] = frozenset()
    """(variant, seed) of the trials that collapsed."""
    images: Mapping[str, int] = field(default_factory=dict)
    """Split -> number of images, for ties between accuracies."""
    more_to_come: bool = True
    """Whether planned seeds without trials are still to be run, as in a study; False for a finished
    table of results, in which some seeds are simply absent."""

    @cached_property
    def by_variant(self) -> Mapping[str, Sequence[StoredTrial]]:
        """Variant -> its trials, so that each claim looks at its own only."""
        found: dict[str, list[StoredTrial]] = {}
        for trial in self.trials:
            found.setdefault(trial.variant, []).append(trial)
        return found

    def measure(self, claim: Claim, seeds: Sequence[int] | None = None) -> Measured | Unjudged:
        """Measure a claim over ``seeds``, by default all of the plan."""
        return measure_claim(
            claim,
            self.plan,
            self.by_variant,
            seeds,
            self.marking,
            collapsed=self.collapsed,
            images=self.images,
        )


def claim_evidence(
    plan: Plan,
    trials: Sequence[StoredTrial],
    marking: Marking | None = None,
    facts: Mapping[str, DataFacts] | None = None,
    descriptions: Mapping[str, DataDescription] | None = None,
    *,
    more_to_come: bool = True,
) -> ClaimEvidence:
    """Return what claims are judged by, with the trials that collapsed.

    Args:
        plan: the study.
        trials: trials fitted on the training set.
        marking: which images each trial classifies correctly.
        facts: variant -> statistics of its images and labels.
        descriptions: variant -> number of images of its splits.
        more_to_come: see `ClaimEvidence`.
    """
    collapsed = collapsed_trials(plan, trials, facts)
    images = images_of(descriptions or {})
    return ClaimEvidence(plan, trials, marking, collapsed, images, more_to_come)


def images_of(descriptions: Mapping[str, DataDescription]) -> dict[str, int]:
    """Return split -> number of images, the largest of all variants."""
    images: dict[str, int] = {}
    for item in descriptions.values():
        for part, count in item.num_examples.items():
            images[part] = max(count, images.get(part, 0))
    return images
