"""Detection of collapsed trials, whose training failed or ended at chance level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from paribus.judge.chance_level import chance_level
from paribus.judge.reading import num_classes
from paribus.judge.statistics.chance import above_chance, tells_skill
from paribus.records import DataFacts, Plan, StoredTrial

__all__ = ["collapsed_trials"]


def collapsed_trials(
    plan: Plan, trials: Sequence[StoredTrial], facts: Mapping[str, DataFacts] | None = None
) -> frozenset[tuple[str, int]]:
    """Return (variant, seed) of the trials that collapsed.

    A trial collapsed if its training failed (for example by a loss that is not finite), or if its
    final training accuracy is not above the majority-class rate by an exact one-sided binomial test
    (level 1 %). Where there are too few training images to tell a network with some skill from one
    that guesses (`tells_skill`), or where their number is unknown, only failed trials count.

    Args:
        plan: the study.
        trials: trials fitted on the training set.
        facts: variant -> statistics of its images, for trials that observed no class counts.
    """
    classes = {variant.name: num_classes(variant) or 0 for variant in plan.variants}
    planned = len(plan.variants) * len(plan.seeds)
    return frozenset(
        (trial.variant, trial.seed)
        for trial in trials
        if trial.variant in classes
        and (
            trial.status == "failed"
            or (
                trial.status == "done"
                and _guesses(trial, classes[trial.variant], facts or {}, planned)
            )
        )
    )


def _guesses(trial: StoredTrial, classes: int, facts: Mapping[str, DataFacts], trials: int) -> bool:
    examples = trial.observed.train_examples
    guess = chance_level(trial, "train", classes, facts)
    if not examples or guess is None or "accuracy" not in trial.metrics:
        return False
    if not tells_skill(examples, guess, looks=trials):
        return False
    return not above_chance(round(trial.metrics["accuracy"] * examples), examples, guess)
