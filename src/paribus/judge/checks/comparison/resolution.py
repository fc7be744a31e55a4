"""Claims with a margin below the standard error of accuracy on the validation set."""

from __future__ import annotations

import math
from collections.abc import Iterator

from paribus.judge.evidence import Evidence
from paribus.judge.reading import done_trials, mean_metric
from paribus.judge.results import Finding

__all__ = ["check"]


def check(study: Evidence) -> Iterator[Finding]:
    """Warn of claims on ``val_accuracy`` whose margin is below one binomial standard error."""
    plan, trials = study.plan, study.trials
    done = [trial for mine in done_trials(plan, trials).values() for trial in mine]
    examples = min((t.observed.validation_examples or 0 for t in done), default=0)
    accuracy = mean_metric(done, "val_accuracy") if done else None
    if not examples or accuracy is None:
        return
    likely = (accuracy * examples + 1) / (examples + 2)  # Laplace: 6 of 6 correct has an error, too
    error = math.sqrt(likely * (1 - likely) / examples)
    fine = [
        claim.id
        for claim in plan.claims
        if claim.metric == "val_accuracy" and 0 < claim.margin < error
    ]
    if fine:
        yield Finding(
            check="resolution",
            severity="warning",
            where=f"claims {', '.join(fine)}",
            evidence=(
                f"{examples:,} validation images give an accuracy to {100 * error:.1f} points "
                f"(one standard error), coarser than the margin"
            ),
            advice="Seeds cannot mend that: the verdict is about these images. Validate on more of them.",
        )
