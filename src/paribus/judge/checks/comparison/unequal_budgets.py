"""Variants trained on more images, or for more optimizer steps, than others."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean

from paribus.judge.evidence import Evidence
from paribus.judge.reading import done_trials
from paribus.judge.results import Finding
from paribus.observed import Observed

__all__ = ["check"]

NOTABLE = 0.1


def check(study: Evidence) -> Iterator[Finding]:
    """Note if optimizer steps or images seen differ between variants by more than a tenth."""
    plan, trials = study.plan, study.trials
    done = done_trials(plan, trials)
    steps = {
        name: fmean(t.observed.optimizer_steps or 0 for t in mine) for name, mine in done.items()
    }
    images = {
        name: fmean(_examples_per_epoch(t.observed) * t.epochs for t in mine)
        for name, mine in done.items()
    }
    for what, counts in (("optimizer steps", steps), ("training images seen", images)):
        if not counts or min(counts.values()) <= 0:
            continue
        least, most = min(counts, key=lambda n: counts[n]), max(counts, key=lambda n: counts[n])
        if counts[most] <= (1 + NOTABLE) * counts[least]:
            continue
        yield Finding(
            check="unequal_budgets",
            severity="note",
            where=f"{least}, {most}",
            variants=(least, most),
            evidence=f"{what}: {counts[least]:,.0f} for {least}, {counts[most]:,.0f} for {most}",
            advice="If that is not the factor under study, give all variants the same budget.",
        )


def _examples_per_epoch(observed: Observed) -> int:
    """Return the number of images seen in an epoch; of trials of earlier versions, all that there are."""
    if observed.examples_per_epoch is not None:
        return observed.examples_per_epoch
    return observed.train_examples or 0
