"""Validation images that are probably mislabelled: nearly all good networks predict another class."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean

from paribus.judge.evidence import Evidence
from paribus.judge.results import Finding
from paribus.judge.statistics.chance import chance_p, majority_share
from paribus.observed import Contradiction
from paribus.records import StoredTrial

__all__ = ["check"]

AGREEING = 0.9
"""Fraction of all good networks that must contradict a label in the same way."""
IN_EACH = 0.5
"""Fraction of each variant's good networks that must contradict it."""
FEWEST = 4
"""Smallest number of good networks for which anything is reported."""
HALFWAY = 0.5
"""Accuracy that a good network surpasses, as a fraction of the way from chance level to 1."""
LEVEL = 0.01
MANY = 0.01
"""Fraction of the validation images on which networks may agree against a correct label."""
SHARED = 0.1
"""The same allowance as a fraction of the networks' mean validation error; the larger one counts.

Networks with the same training set share some mistakes, whatever their seeds. Measured with six
networks of two variants (convolutional, dense, linear; 60 to 2,000 training images; validation accuracy
75 to 95 %): on clean Fashion-MNIST and digits, all six contradict at most 1.3 % of the labels together,
6 % of their mean error; with 5, 8 and 12 % of the digits mislabelled, 3.5, 4.6 and 6.1 % of the labels,
a third of the mean error.
"""
SHOWN = 8


def check(study: Evidence) -> Iterator[Finding]:
    """List images that look mislabelled: good networks agree on one other class.

    A network is good if its validation accuracy is more than halfway from chance level to 1, by an
    exact binomial test (level 1 %). Nine in ten good networks must agree, and half of those of every
    variant. The finding is a warning, not a note, if there are more such images than shared mistakes
    explain (see `SHARED`; exact binomial test, level 1 %) and at least two variants agree: the
    networks of one variant differ in nothing but their seeds.
    """
    good = _good(study)
    count = sum(map(len, good.values()))
    if count < FEWEST:
        return
    done = [trial for trials in good.values() for trial in trials]
    everywhere = (_agreed(trials, IN_EACH) for trials in good.values())
    found = sorted(_agreed(done, AGREEING).intersection(*everywhere))
    total = max(trial.observed.validation_examples or 0 for trial in done)
    if not found:
        return
    mistaken = 1 - fmean(trial.metrics["val_accuracy"] for trial in done)
    explained = max(MANY, SHARED * mistaken)
    many = len(good) > 1 and chance_p(len(found), total, explained) <= LEVEL
    yield Finding(
        check="contradicted_labels",
        severity="warning" if many else "note",
        where="data",
        evidence=(
            f"on {len(found)} of {total:,} validation images, at least {AGREEING:.0%} of {count} networks "
            "contradict the label and agree on another class: "
            f"{_shown(found, _class_names(study), _files(done))}"
        ),
        advice="Look at them: the labels may be wrong, and then the best possible accuracy is lower.",
    )


def _good(study: Evidence) -> dict[str, list[StoredTrial]]:
    """Return variant -> trials with good networks (see `check`)."""
    good: dict[str, list[StoredTrial]] = defaultdict(list)
    for trial in study.trials:
        if trial.observed.contradicted is not None and _is_good(study, trial):
            good[trial.variant].append(trial)
    return good


def _is_good(study: Evidence, trial: StoredTrial) -> bool:
    examples = trial.observed.validation_examples
    accuracy = trial.metrics.get("val_accuracy")
    if not examples or accuracy is None:
        return False
    facts = study.facts.get(trial.variant)
    counts = trial.observed.class_counts.get("validation") or (
        facts.class_counts.get("validation") if facts else None
    )
    guess = majority_share(counts) if counts and sum(counts) else 0.0
    limit = guess + HALFWAY * (1 - guess)
    return chance_p(round(accuracy * examples), examples, limit) <= LEVEL


def _agreed(trials: Sequence[StoredTrial], share: float) -> set[Contradiction]:
    """Return the rows that at least a fraction ``share`` of the trials contain."""
    votes = Counter(row for trial in trials for row in trial.observed.contradicted or ())
    return {row for row, count in votes.items() if count >= share * len(trials)}


def _files(trials: Sequence[StoredTrial]) -> dict[int, str]:
    """Return image id -> file name of the contradicted images; empty if the source has no files."""
    return {
        index: name
        for trial in trials
        for index, name in (trial.observed.contradicted_files or {}).items()
    }


def _shown(
    found: Sequence[Contradiction], names: Mapping[int, str], files: Mapping[int, str]
) -> str:
    shown = ", ".join(
        f"{files.get(index, f'image {index}')} (labelled {names.get(label, label)}, "
        f"seen as {names.get(guess, guess)})"
        for index, label, guess in found[:SHOWN]
    )
    return shown + (f" and {len(found) - SHOWN} more" if len(found) > SHOWN else "")


def _class_names(study: Evidence) -> dict[int, str]:
    """Return label -> class name; empty unless all variants have the same class names."""
    distinct = {description.class_names for description in study.descriptions.values()}
    return dict(enumerate(distinct.pop())) if len(distinct) == 1 else {}
