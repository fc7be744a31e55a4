"""Measurement of a claim: from trials to its estimate, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from paribus.judge.estimands.means import MeanOfContrast
from paribus.judge.estimands.measured import Measured, Unjudged
from paribus.judge.estimands.seeds import ClaimSeeds, claim_seeds
from paribus.judge.estimands.signs import SignOfContrast
from paribus.judge.marks import Marking, contrast_table
from paribus.judge.statistics.contrasts import (
    Contrast,
    contrasts_of,
    neighbour_contrasts,
    pair_contrasts,
)
from paribus.judge.statistics.crossed import crossed_spread
from paribus.judge.statistics.hotelling import joint_p
from paribus.judge.statistics.mcnemar import McNemar, mcnemar
from paribus.judge.statistics.samples import Sample
from paribus.judge.verdicts import primary_p
from paribus.records import Claim, Plan, StoredTrial
from paribus.wording import counted

__all__ = ["measure_claim"]


def measure_claim(
    claim: Claim,
    plan: Plan,
    trials: Mapping[str, Sequence[StoredTrial]],
    seeds: Sequence[int] | None = None,
    marking: Marking | None = None,
    *,
    collapsed: Collection[tuple[str, int]] = frozenset(),
    images: Mapping[str, int] | None = None,
) -> Measured | Unjudged:
    """Measure a claim, or return the reason why it cannot be judged.

    Args:
        claim: a claim of the plan.
        plan: the study.
        trials: variant -> its trials fitted on the training set.
        seeds: seeds to use; by default all of the plan.
        marking: which images each trial classifies correctly.
        collapsed: (variant, seed) of the trials that collapsed.
        images: split -> number of images, for ties between accuracies.
    """
    contrasts = contrasts_of(claim, plan)
    if not contrasts:
        return Unjudged("not assessable", "its variants are not part of this run")
    wanted = plan.seeds if seeds is None else seeds
    found = claim_seeds(claim, contrasts, trials, wanted, collapsed, images or {})
    if not found.ended:
        return Unjudged("not judged yet", "no seed has finished yet")
    if claim.of == "collapse":
        return SignOfContrast(found, found.collapses())
    if claim.of == "wins":
        return _wins(found)
    if claim.of == "mean" and found.failed:
        names = ", ".join(f"{count} of {name}" for name, count in found.failed.items())
        reason = (
            f"{counted(sum(found.failed.values()), 'trial')} failed ({names}) and has no value to enter "
            "the mean; ask for `of: learned`, `of: wins` or `of: collapse`"
        )
        return Unjudged("not assessable", reason)
    return _mean(found, plan, marking)


def _wins(found: ClaimSeeds) -> Measured | Unjudged:
    signs = found.signs()
    return SignOfContrast(found, signs) if signs.n else _without_values(found.claim)


def _mean(found: ClaimSeeds, plan: Plan, marking: Marking | None) -> Measured | Unjudged:
    claim = found.claim
    candidates = found.learned if claim.of == "learned" else found.ended
    if not candidates:
        reason = (
            f"in none of {counted(len(found.ended), 'seed')} do all its networks learn; ask how often they "
            "collapse (`of: collapse`), and look at the learning rate and the scale of the images"
        )
        return Unjudged("not assessable", reason)
    seeds = found.valued(candidates)
    if not seeds:
        return _without_values(claim)
    samples = [_sample(found, contrast, seeds, marking) for contrast in found.contrasts]
    if any(sample is None for sample in samples):
        reason = "its scope needs every image's prediction, on the same images for all variants"
        return Unjudged("not assessable", reason)
    pairs = tuple(
        sample
        for contrast in pair_contrasts(claim, plan)
        if (sample := _sample(found, contrast, seeds, marking)) is not None
    )
    steps = neighbour_contrasts(claim, plan) if claim.kind == "trend" else ()
    known = [sample for sample in samples if sample is not None]
    several = len(known) > 1
    shown = max(pairs, key=lambda item: abs(item.mean)) if several else known[0]
    return MeanOfContrast(
        seeds=found,
        sample=shown,
        p=joint_p(known, pairs) if several else primary_p(shown, claim.operator, claim.margin),
        pairs=pairs,
        steps=tuple(_plain_sample(found, step, seeds) for step in steps),
        networks=None if several else _networks(found, seeds, marking),
    )


def _without_values(claim: Claim) -> Unjudged:
    if claim.metric.startswith("test_"):
        reason = "the test set was not opened for all its variants (select: {test: all} does it)"
        return Unjudged("not assessable", reason)
    return Unjudged("not assessable", f"none of its seeds has {claim.metric} for every variant")


def _plain_sample(found: ClaimSeeds, contrast: Contrast, seeds: Sequence[int]) -> Sample:
    return Sample(tuple(found.value(contrast, seed) for seed in seeds))


def _sample(
    found: ClaimSeeds, contrast: Contrast, seeds: Sequence[int], marking: Marking | None
) -> Sample | None:
    """Return the values of a contrast; None if images are to be a sample and are not known."""
    sample = _plain_sample(found, contrast, seeds)
    if found.claim.scope != "data-source":
        return sample
    table = (
        None if marking is None else contrast_table(contrast, seeds, found.claim.metric, marking)
    )
    return None if table is None else replace(sample, spread=crossed_spread(table))


def _networks(found: ClaimSeeds, seeds: Sequence[int], marking: Marking | None) -> McNemar | None:
    """Return McNemar's test if there is one seed, one variant per side, and an accuracy as metric."""
    sides = sorted(found.contrasts[0].weights.items(), key=lambda item: -item[1])
    if len(seeds) != 1 or [weight for _, weight in sides] != [1.0, -1.0] or marking is None:
        return None
    metric = found.claim.metric
    if not metric.endswith("accuracy"):
        return None
    left, right = (marking(name, seeds[0], metric) for name, _ in sides)
    if left is None or right is None or not np.array_equal(left.ids, right.ids):
        return None
    return mcnemar(left.right, right.right)
