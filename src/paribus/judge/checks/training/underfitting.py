"""Underfitting: a variant does not learn the training images that another variant learns."""

from __future__ import annotations

from collections.abc import Iterator

from paribus.judge.evidence import Evidence
from paribus.judge.reading import done_trials, mean_metric
from paribus.judge.results import Finding

__all__ = ["check"]

SHORT = 0.10
"""Smallest reported distance in training accuracy from the best variant."""
GAP = 0.02
"""Largest gap, training accuracy minus validation accuracy, that counts as underfitting."""


def check(study: Evidence) -> Iterator[Finding]:
    """Note variants whose training accuracy is low, and about equal to their validation accuracy."""
    plan, trials = study.plan, study.trials
    done = done_trials(plan, trials)
    found = {name: mean_metric(mine, "accuracy") for name, mine in done.items()}
    known = {name: value for name, value in found.items() if value is not None}
    if not known:
        return
    best = max(known, key=lambda name: known[name])
    for name, train in known.items():
        held_out = mean_metric(done[name], "val_accuracy")
        if held_out is None or train - held_out > GAP or known[best] - train < SHORT:
            continue
        yield Finding(
            check="underfitting",
            severity="note",
            where=name,
            variants=(name,),
            evidence=(
                f"{train:.1%} of the training images are right, about as few as of the validation "
                f"images ({held_out:.1%}); {best} reaches {known[best]:.1%}"
            ),
            advice="Train longer, with another learning rate, or with less regularisation.",
        )
