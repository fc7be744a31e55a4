"""Claims with a margin below the standard error of accuracy on the validation set."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from paribus.judge.evidence import Evidence
from paribus.judge.reading import done_trials, mean_metric
from paribus.judge.results import Finding
from paribus.records import Claim

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
        claim
        for claim in plan.claims
        if claim.metric == "val_accuracy" and 0 < claim.margin < error
    ]
    if fine:
        yield Finding(
            check="resolution",
            severity="warning",
            where=f"claims {', '.join(claim.id for claim in fine)}",
            evidence=(
                f"with {examples:,} validation images, one accuracy has a standard error of "
                f"{100 * error:.1f} points, more than the margin of {_margins(fine)}"
            ),
            advice=(
                "Validate on more images: more seeds repeat the training, and leave this error as it is."
            ),
        )


def _margins(claims: Sequence[Claim]) -> str:
    """Return the different margins of claims, in points."""
    sizes = [f"{100 * margin:g}" for margin in sorted({claim.margin for claim in claims})]
    return f"{' or '.join(sizes)} point{'' if sizes == ['1'] else 's'}"
