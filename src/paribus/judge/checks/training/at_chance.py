"""Trials that have learned nothing: their accuracy is at chance level."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from paribus.judge.chance_level import chance_level
from paribus.judge.evidence import Evidence
from paribus.judge.reading import done_trials, num_classes
from paribus.judge.results import Finding
from paribus.judge.statistics.chance import ALPHA, above_chance, tells_skill
from paribus.records import StoredTrial
from paribus.wording import named_seeds

__all__ = ["check"]


def check(study: Evidence) -> Iterator[Finding]:
    """Warn of finished trials whose accuracy is at chance level.

    A trial is reported only if

    1. neither its training accuracy nor its validation accuracy is above the majority-class rate of
       that split, by an exact one-sided binomial test (level 1 %), and
    2. there are enough training images to detect skill: if all trials of the study were a quarter
       of the way from chance level to an accuracy of 1, all of them would be above chance with a
       probability of 99.9 %. With fewer images nothing is reported, because a network that has
       learned something could not be told from one that guesses.
    """
    done = done_trials(study.plan, study.trials)
    looks = sum(map(len, done.values()))
    for variant in study.plan.variants:
        classes = num_classes(variant) or 0
        mine = done.get(variant.name, [])
        stuck = [
            (trial, guess)
            for trial in mine
            if (guess := _training_chance(study, trial, classes)) is not None
            and _guesses(study, trial, guess, looks)
        ]
        if stuck:
            yield _finding(variant.name, stuck, len(mine))


def _finding(name: str, stuck: Sequence[tuple[StoredTrial, float]], trials: int) -> Finding:
    seeds = named_seeds([trial.seed for trial, _ in stuck])
    best, guess = max(stuck, key=lambda item: item[0].metrics["accuracy"])
    return Finding(
        check="at_chance",
        severity="warning",
        where=name,
        variants=(name,),
        evidence=(
            f"{len(stuck)} of {trials} trials cannot be told from guessing ({seeds}; test at "
            f"{ALPHA:.0%}): {best.metrics['accuracy']:.1%} or less of the training images are right, "
            f"and guessing gives {guess:.1%}"
        ),
        advice=(
            "Try another learning rate, or other initial weights; a mean over all seeds mixes trials that "
            "learn with trials that do not."
        ),
    )


def _training_chance(study: Evidence, trial: StoredTrial, classes: int) -> float | None:
    """Return the majority-class rate of the training set; None if the trial cannot be tested."""
    if not trial.observed.train_examples or "accuracy" not in trial.metrics:
        return None
    return chance_level(trial, "train", classes, study.facts)


def _guesses(study: Evidence, trial: StoredTrial, guess: float, looks: int) -> bool:
    examples = trial.observed.train_examples
    if not examples:
        return False
    right = round(trial.metrics["accuracy"] * examples)
    if not tells_skill(examples, guess, looks=looks) or above_chance(right, examples, guess):
        return False
    held_out = trial.observed.validation_examples
    if not held_out or "val_accuracy" not in trial.metrics:
        return True
    found = round(trial.metrics["val_accuracy"] * held_out)
    share = chance_level(trial, "validation", 0, study.facts) or guess
    return not above_chance(found, held_out, share)
