"""A network that knew something before it began: its weights came from an earlier experiment."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from paribus.judge.chance import majority_share
from paribus.judge.evidence import Evidence
from paribus.judge.reading import done_trials, layers_of, mean_curve, num_classes
from paribus.judge.results import Finding
from paribus.records import StoredTrial, Variant

__all__ = ["check"]

_CROSSENTROPY = "categorical_crossentropy"

FRESH = 0.6
"""A fresh network's first loss is about ln(classes); a trained one's is far below this share of it."""
LUCK = 1e-5
"""Probability that a fresh network is accused, for one trial."""
USUAL_BATCH = 16
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
            fresh = None if classes is None else fresh_loss(variant, classes)
            if first is None or fresh is None or first >= FRESH * fresh:
                continue
            if not _beyond_luck(trial, variant, classes, first):
                continue
            told.add(variant.name)
            yield _finding(
                variant.name,
                f"{variant.name}, seed {trial.seed}",
                f"the first loss is {first:.2f}; a fresh network with {classes} classes begins at about "
                f"{fresh:.2f}",
            )
            break
    yield from _continued(done, told)


def fresh_loss(variant: Variant, classes: int) -> float | None:
    """Return the loss of a network that knows nothing, or None where that cannot be said.

    It gives every class the same probability: 1 / classes behind a softmax, 1/2 behind sigmoids.
    First losses are measured in training, so targets are smoothed as the study says.
    """
    loss = variant.train.get("loss", _CROSSENTROPY)
    if loss.endswith(_CROSSENTROPY):
        return math.log(classes)
    final = [arguments.get("activation") for _, arguments in layers_of(variant.model)][-1]
    if final not in ("softmax", "sigmoid"):
        return None
    guess = 1 / classes if final == "softmax" else 0.5
    smoothing = float(variant.train.get("label_smoothing", 0.0))
    other = smoothing / (2 if loss == "binary_crossentropy" else classes)
    true = 1 - smoothing + other
    if loss == "binary_crossentropy":
        ones = true + (classes - 1) * other
        return -(ones * math.log(guess) + (classes - ones) * math.log(1 - guess)) / classes
    half = ((true - guess) ** 2 + (classes - 1) * (other - guess) ** 2) / 2
    return half if loss == "half_squared_error" else 2 * half / classes


def _first_loss(trial: StoredTrial) -> float | None:
    """Return the loss before training: of the first batch, or of a record of epoch 0."""
    seen = trial.observed.get("first_loss")
    if seen is not None:
        return float(seen)
    if trial.curves and trial.curves[0].epoch == 0:
        return trial.curves[0].metrics.get("loss")
    return None


def _beyond_luck(trial: StoredTrial, variant: Variant, classes: int | None, first: float) -> bool:
    """Return whether a first loss is too low for a network that knows nothing of these labels.

    Of b images whose labels are drawn with shares up to m, independently of the network, the mean
    cross-entropy is below L with a probability of at most exp(-b (ln(1/m) - L)), whatever the
    network: by Markov's inequality on the product of its probabilities. One image, or two, can
    have any loss. Other losses have no such bound, and need as many images as are usual in a batch.
    """
    examples = int(trial.observed.get("train_examples") or 0)
    batch = int(variant.train.get("batch_size") or examples)
    looked_at = min(batch, examples) if examples else batch
    counts = trial.observed.get("class_counts", {}).get("train")
    chance = majority_share(counts) if counts and sum(counts) else 1 / (classes or 1)
    if not variant.train.get("loss", _CROSSENTROPY).endswith(_CROSSENTROPY):
        return looked_at >= USUAL_BATCH
    return looked_at * (-math.log(chance) - first) > -math.log(LUCK)


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
            name,
            f"its first epoch's loss, {new[0]:.2f}, is about the last of {before}, {old[-1]:.2f}, "
            f"which began at {old[0]:.2f}",
        )


def _goes_on(old: Sequence[float], new: Sequence[float]) -> bool:
    if len(old) < 2 or not new:
        return False
    return new[0] <= CONTINUED * old[-1] and old[-1] <= LEARNED * old[0]


def _finding(variant: str, where: str, evidence: str) -> Finding:
    return Finding(
        check="warm_start",
        severity="error",
        where=where,
        variants=(variant,),
        evidence=evidence,
        advice="Build every network anew; weights that carry over make later variants look better.",
    )
