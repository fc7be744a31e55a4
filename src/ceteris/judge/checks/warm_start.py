"""A network that knew something before it began: its weights came from an earlier experiment."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from ceteris.judge.evidence import Evidence
from ceteris.judge.reading import done_trials, mean_curve, num_classes
from ceteris.judge.results import Finding
from ceteris.records import StoredTrial

__all__ = ["check"]

FRESH = 0.6
"""A fresh network's first loss is about ln(classes); a trained one's is far below this share of it."""
CONTINUED = 1.15
LEARNED = 0.6


def check(study: Evidence) -> Iterator[Finding]:
    """Compare first losses with ln(classes), and with the last losses of the variant before."""
    done = done_trials(study.plan, study.trials)
    told = set()
    for variant in study.plan.variants:
        classes = num_classes(variant)
        for trial in done.get(variant.name, []):
            first = _first_loss(trial)
            if first is None or classes is None or first >= FRESH * math.log(classes):
                continue
            told.add(variant.name)
            yield _finding(
                f"{variant.name}, seed {trial.seed}",
                f"the first loss is {first:.2f}; a fresh network with {classes} classes begins at about "
                f"{math.log(classes):.2f}",
            )
            break
    yield from _continued(done, told)


def _first_loss(trial: StoredTrial) -> float | None:
    """Return the loss before training: of the first batch, or of a record of epoch 0."""
    seen = trial.observed.get("first_loss")
    if seen is not None:
        return float(seen)
    if trial.curves and trial.curves[0].epoch == 0:
        return trial.curves[0].metrics.get("loss")
    return None


def _continued(done: dict[str, list[StoredTrial]], told: set[str]) -> Iterator[Finding]:
    """Find variants that begin where the one before them ended."""
    if any(
        trial.observed.get("first_loss") is not None for mine in done.values() for trial in mine
    ):
        return  # what is known is better than what can be guessed
    curves = {name: mean_curve(mine, "loss") for name, mine in done.items()}
    for (before, old), (name, new) in pairwise(curves.items()):
        if name in told or not _goes_on(old, new):
            continue
        yield _finding(
            name,
            f"its first epoch's loss, {new[0]:.2f}, is about the last of {before}, {old[-1]:.2f}, "
            f"which began at {old[0]:.2f}",
        )


def _goes_on(old: Sequence[float], new: Sequence[float]) -> bool:
    if len(old) < 2 or not new:
        return False
    return new[0] <= CONTINUED * old[-1] and old[-1] <= LEARNED * old[0]


def _finding(where: str, evidence: str) -> Finding:
    return Finding(
        check="warm_start",
        severity="error",
        where=where,
        evidence=evidence,
        advice="Build every network anew; weights that carry over make later variants look better.",
    )
