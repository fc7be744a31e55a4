"""Overfitting: validation loss rises while training accuracy is far above validation accuracy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from paribus.judge.evidence import Evidence
from paribus.judge.reading import done_trials, mean_curve, mean_metric
from paribus.judge.results import Finding
from paribus.judge.statistics.chance import chance_p
from paribus.records import StoredTrial

__all__ = ["check"]

GAP = 0.05
"""Smallest reported gap, training accuracy minus validation accuracy."""
LEVEL = 0.05
RISE = 1.05
"""Smallest reported ratio of the last validation loss to the lowest."""


def check(study: Evidence) -> Iterator[Finding]:
    """Note variants whose validation loss rose by `RISE` and whose accuracy gap is at least `GAP`."""
    plan, trials = study.plan, study.trials
    for name, done in done_trials(plan, trials).items():
        train, held_out = mean_metric(done, "accuracy"), mean_metric(done, "val_accuracy")
        losses = mean_curve(done, "val_loss")
        if train is None or held_out is None or len(losses) < 2:
            continue
        lowest = min(losses)
        if train - held_out < GAP or losses[-1] < RISE * lowest:
            continue
        if not _resolved(train, held_out, done):
            continue
        yield Finding(
            check="overfitting",
            severity="note",
            where=name,
            variants=(name,),
            evidence=(
                f"{train:.1%} of the training and {held_out:.1%} of the validation images are right; "
                f"validation loss was lowest in epoch {losses.index(lowest) + 1} ({lowest:.3f}) "
                f"and ends at {losses[-1]:.3f}"
            ),
            advice="Stop earlier, keep the best epoch (`checkpoint: best`), or regularise.",
        )


def _resolved(train: float, held_out: float, trials: Sequence[StoredTrial]) -> bool:
    """Return whether the gap is significant: exact binomial test (level 5 %) of "validation accuracy
    equals training accuracy" against "it is lower".
    """
    examples = trials[0].observed.validation_examples
    if not examples:
        return True  # number of images unknown
    return chance_p(round((1 - held_out) * examples), examples, 1 - train) <= LEVEL
