"""Reported accuracies that are not a number of correct images divided by the number of images."""

from __future__ import annotations

from collections.abc import Iterator

from paribus.judge.evidence import Evidence
from paribus.judge.reading import done_trials
from paribus.judge.results import Finding
from paribus.records import StoredTrial

__all__ = ["check"]

CLOSE = 1e-6


def check(study: Evidence) -> Iterator[Finding]:
    """Report accuracies that are no multiple of 1 / images, or that equal 1 - loss in every epoch."""
    plan, trials = study.plan, study.trials
    for name, done in done_trials(plan, trials).items():
        for trial in done:
            reason = _impossible(trial) or _mirrored(trial)
            if reason:
                yield Finding(
                    check="counted_accuracy",
                    severity="error",
                    where=f"{name}, seed {trial.seed}",
                    variants=(name,),
                    evidence=reason,
                    advice="Count the right answers again: an accuracy is their share of all images.",
                )
                break


def _impossible(trial: StoredTrial) -> str | None:
    counts = {
        "accuracy": trial.observed.train_examples,
        "val_accuracy": trial.observed.validation_examples,
    }
    for metric, examples in counts.items():
        value = trial.metrics.get(metric)
        if not examples or value is None:
            continue
        if not -CLOSE <= value <= 1 + CLOSE:
            return f"{metric} is {value:g}, which is not between 0 and 1"
        hits = value * examples
        if abs(hits - round(hits)) > max(CLOSE * examples, 1e-4):
            return f"{metric} {value:.6f} would be {hits:,.8g} of {examples:,} images, which is no whole number"
    return None


def _mirrored(trial: StoredTrial) -> str | None:
    for kind in ("", "val_"):
        pairs = [
            (record.metrics[f"{kind}accuracy"], record.metrics[f"{kind}loss"])
            for record in trial.curves
            if f"{kind}accuracy" in record.metrics
            and record.metrics.get(f"{kind}loss", 0.0) > CLOSE  # a solved task has 1 and 0
        ]
        if len(pairs) > 1 and all(abs(a - (1 - b)) < CLOSE for a, b in pairs):
            return f"{kind}accuracy is 1 - {kind}loss in all {len(pairs)} epochs"
    return None
