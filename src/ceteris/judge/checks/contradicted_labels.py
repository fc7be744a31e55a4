"""Validation images whose label nearly every trained network is sure is another one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ceteris.judge.evidence import Evidence
from ceteris.judge.results import Finding

__all__ = ["check"]

AGREEING = 0.9
"""Share of the trials that must contradict a label."""
FEWEST = 4
"""Trials below which nothing is said."""
MANY = 0.01
"""Share of the validation images from which it is a warning."""
SHOWN = 8


def check(study: Evidence) -> Iterator[Finding]:
    """Name images that look mislabelled; every guess must be the same class."""
    done = [trial for trial in study.trials if "contradicted" in trial.observed]
    if len(done) < FEWEST:
        return
    votes = Counter(tuple(row) for trial in done for row in trial.observed["contradicted"])
    needed = AGREEING * len(done)
    found = sorted(row for row, count in votes.items() if count >= needed)
    total = max(trial.observed.get("validation_examples", 0) for trial in done)
    if not found or not total:
        return
    names = _class_names(study)
    shown = ", ".join(
        f"{index} ({names.get(label, label)}, seen as {names.get(guess, guess)})"
        for index, label, guess in found[:SHOWN]
    )
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    yield Finding(
        check="contradicted_labels",
        severity="warning" if len(found) > MANY * total else "note",
        where="data",
        evidence=(
            f"{len(found)} of {total:,} validation images are labelled one class while "
            f"{AGREEING:.0%} of {len(done)} networks rule it out and see the same other one: {shown}{more}"
        ),
        advice="Look at them: the labels may be wrong, and then the best possible accuracy is lower.",
    )


def _class_names(study: Evidence) -> dict[int, str]:
    """Return the names of the classes, where all variants have the same."""
    distinct = {description.class_names for description in study.descriptions.values()}
    return dict(enumerate(distinct.pop())) if len(distinct) == 1 else {}
