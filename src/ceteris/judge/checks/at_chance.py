"""A trial that has learned nothing: its accuracy is what guessing gives."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ceteris.judge.evidence import Evidence
from ceteris.judge.reading import done_trials, num_classes
from ceteris.judge.results import Finding
from ceteris.records import StoredTrial

__all__ = ["check"]

CERTAIN = 4.0
"""Standard errors above guessing that count as having learned something."""


def check(study: Evidence) -> Iterator[Finding]:
    """Warn of finished trials whose training accuracy is that of guessing."""
    plan, trials = study.plan, study.trials
    done = done_trials(plan, trials)
    for variant in plan.variants:
        classes = num_classes(variant)
        mine = done.get(variant.name, [])
        if classes is None or classes < 2 or not mine:
            continue
        stuck = [trial for trial in mine if _guesses(trial, classes)]
        if not stuck:
            continue
        seeds = ", ".join(str(trial.seed) for trial in stuck)
        yield Finding(
            check="at_chance",
            severity="warning",
            where=variant.name,
            evidence=(
                f"{len(stuck)} of {len(mine)} trials guess (seed {seeds}): "
                f"{max(trial.metrics['accuracy'] for trial in stuck):.1%} or less with {classes} classes"
            ),
            advice="A mean over these and other seeds describes neither; look at the learning rate.",
        )


def _guesses(trial: StoredTrial, classes: int) -> bool:
    examples = trial.observed.get("train_examples")
    if not examples or "accuracy" not in trial.metrics:
        return False
    guess = 1 / classes
    error = math.sqrt(guess * (1 - guess) / examples)
    largest_class = 0.02  # sets are rarely balanced to the last example
    return bool(trial.metrics["accuracy"] < guess + CERTAIN * error + largest_class)
