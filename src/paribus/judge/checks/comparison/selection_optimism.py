"""Selection bias: the best validation score of several variants overestimates the winner."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import fmean, variance

from paribus.judge.evidence import Evidence
from paribus.judge.reading import done_trials
from paribus.judge.results import Finding

__all__ = ["check"]

FEWEST_VARIANTS = 3
NOTICED = 0.003
REACH = 3.0
"""A variant is a rival if its mean is at most this many standard errors of the difference below the
best one."""


def check(study: Evidence) -> Iterator[Finding]:
    """Note the expected bias of the winner's score if all rivals were equally good.

    The expected maximum of K normal errors is at most s sqrt(2 ln K), where s is the standard error
    of one variant's mean over seeds. Variants far below the best (see `REACH`) do not count,
    whatever their variance over seeds.
    """
    if study.plan.select.by != "val_accuracy":
        return
    scores = {
        name: [t.metrics["val_accuracy"] for t in trials if "val_accuracy" in t.metrics]
        for name, trials in done_trials(study.plan, study.trials).items()
    }
    scores = {name: values for name, values in scores.items() if len(values) > 1}
    if len(scores) < FEWEST_VARIANTS:
        return
    means = {name: fmean(values) for name, values in scores.items()}
    errors = {name: variance(values) / len(values) for name, values in scores.items()}
    best = max(means, key=lambda name: means[name])
    rivals = [
        name
        for name in scores
        if means[best] - means[name] <= REACH * math.sqrt(errors[name] + errors[best])
    ]
    if len(rivals) < FEWEST_VARIANTS:
        return
    error = math.sqrt(fmean(errors[name] for name in rivals))
    optimism = error * math.sqrt(2 * math.log(len(rivals)))
    if optimism > NOTICED:
        yield Finding(
            check="selection_optimism",
            severity="note",
            where="selection",
            evidence=(
                f"the means of {len(rivals)} variants are near the best (at most {REACH:g} standard errors of the "
                f"difference below it); if all {len(rivals)} were equally good, the best mean would be too high "
                f"by up to {100 * optimism:.1f} points on average (standard error of a mean over seeds: "
                f"{100 * error:.2f} points)"
            ),
            advice="Quote the test accuracy of the selected variant, not its validation accuracy.",
        )
