"""Networks that were not initialised afresh: they start with weights from an earlier training."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from paribus.judge.evidence import Evidence
from paribus.judge.reading import done_trials, layers_of, mean_curve, num_classes
from paribus.judge.results import Finding
from paribus.judge.statistics.chance import majority_share
from paribus.records import StoredTrial, Variant

__all__ = ["check"]

_CROSSENTROPY = "categorical_crossentropy"

FRESH = 0.6
"""Fraction of `fresh_loss` below which a first loss is suspicious."""
LUCK = 1e-5
"""Probability, per trial, that a freshly initialised network is reported."""
USUAL_BATCH = 16
"""Smallest batch for which the first value of a loss without a bound (squared error) is trusted."""
CONTINUED = 1.15
"""A first epoch's loss at most this multiple of the previous variant's last loss is suspicious."""
LEARNED = 0.6
"""The previous variant has learned if its last loss is at most this fraction of its first."""


def check(study: Evidence) -> Iterator[Finding]:
    """Report first losses too low for fresh weights, or that continue the previous variant's curve."""
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
    """Return the expected loss of a freshly initialised network; None if the output is unbounded.

    Such a network gives every class the same probability: 1 / classes after a softmax, 1/2 after
    sigmoids. First losses are measured during training, so label smoothing is taken into account.
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
    """Return the loss before the first update: of the first batch, or of an epoch 0 in the curve."""
    if trial.observed.first_loss is not None:
        return trial.observed.first_loss
    if trial.curves and trial.curves[0].epoch == 0:
        return trial.curves[0].metrics.get("loss")
    return None


def _beyond_luck(trial: StoredTrial, variant: Variant, classes: int | None, first: float) -> bool:
    """Return whether a first loss is too low for a network that is independent of these labels.

    Let b labels be drawn independently of the network, no class with a probability above m. Then
    the mean cross-entropy is below L with a probability of at most exp(-b (ln(1/m) - L)), for every
    network (Markov's inequality for the product of the predicted probabilities). With one or two
    images any loss is possible. Other losses have no such bound and need `USUAL_BATCH` images.
    """
    examples = trial.observed.train_examples or 0
    batch = int(variant.train.get("batch_size") or examples)
    looked_at = min(batch, examples) if examples else batch
    counts = trial.observed.class_counts.get("train")
    chance = majority_share(counts) if counts and sum(counts) else 1 / (classes or 1)
    if not variant.train.get("loss", _CROSSENTROPY).endswith(_CROSSENTROPY):
        return looked_at >= USUAL_BATCH
    return looked_at * (-math.log(chance) - first) > -math.log(LUCK)


def _continued(done: dict[str, list[StoredTrial]], told: set[str]) -> Iterator[Finding]:
    """Report variants whose loss begins where the previous variant's loss ended."""
    if any(trial.observed.first_loss is not None for mine in done.values() for trial in mine):
        return  # measured first losses make this heuristic unnecessary
    curves = {name: mean_curve(mine, "loss") for name, mine in done.items()}
    for (before, old), (name, new) in pairwise(curves.items()):
        if name in told or not _goes_on(old, new):
            continue
        yield _finding(
            name,
            name,
            f"its first epoch's loss, {new[0]:.2f}, is close to the last loss of {before}, {old[-1]:.2f}; "
            f"{before} began at {old[0]:.2f}",
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
        advice="Build every network anew for every trial: weights that carry over add the training of earlier ones.",
    )
