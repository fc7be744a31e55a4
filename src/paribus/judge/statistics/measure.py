"""Measurement of a claim: from trials to its contrast over seeds, or the reason why there is none."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from paribus.judge.marks import Marking, contrast_table
from paribus.judge.reading import metric_of
from paribus.judge.results import ClaimRow
from paribus.judge.statistics.contrasts import Contrast, contrasts_of, neighbour_contrasts
from paribus.judge.statistics.crossed import crossed_spread
from paribus.judge.statistics.hotelling import hotelling
from paribus.judge.statistics.mcnemar import McNemar, mcnemar
from paribus.judge.statistics.samples import Sample
from paribus.judge.verdicts import ALPHA, MIN_SEEDS, Verdict, primary_p
from paribus.records import Claim, Plan, StoredTrial

__all__ = ["Measured", "measure_claim"]

Values = Mapping[tuple[str, int], float]
DEPENDENT = 1e-9
"""Relative tolerance: a standard deviation below this fraction of the largest value is rounding."""


@dataclass(frozen=True)
class Measured:
    """A claim with the values of its contrast over seeds."""

    claim: Claim
    sample: Sample
    p: float
    """p value of the claim's test, not adjusted for other claims."""
    against: bool = False
    """For a trend: whether a step between neighbouring levels is significantly in the other direction."""
    networks: McNemar | None = None
    """With one seed: McNemar's test of the two networks, if both have stored predictions."""

    @property
    def testable(self) -> bool:
        """Whether there are enough seeds for a verdict (`MIN_SEEDS`)."""
        return self.sample.n >= MIN_SEEDS


def measure_claim(
    claim: Claim,
    plan: Plan,
    trials: Sequence[StoredTrial],
    seeds: Sequence[int] | None = None,
    marking: Marking | None = None,
) -> Measured | ClaimRow:
    """Measure a claim, or return the reason why it cannot be judged.

    Args:
        claim: a claim of the plan.
        plan: the study.
        trials: trials fitted on the training set.
        seeds: seeds to use; by default all of the plan.
        marking: which images each trial classifies correctly.

    Returns:
        The measured claim, or a finished row with the verdict "not assessable" or "undecided".
    """
    contrasts = contrasts_of(claim, plan)
    if not contrasts:
        return _unjudged(claim, "not assessable", "its variants are not part of this run")
    names = {name for contrast in contrasts for name in contrast.weights}
    failed = sum(trial.variant in names and trial.status == "failed" for trial in trials)
    if failed:
        reason = f"{failed} of its trials failed, and leaving them out would flatter the rest"
        return _unjudged(claim, "not assessable", reason)
    values = _values(trials, claim.metric)
    wanted = plan.seeds if seeds is None else seeds
    found = [seed for seed in wanted if all((name, seed) in values for name in names)]
    if not found:
        return _without_seeds(claim)
    samples = [Sample(tuple(item.value(values, seed) for seed in found)) for item in contrasts]
    if claim.scope == "data-source":
        tables = [
            None if marking is None else contrast_table(item, found, claim.metric, marking)
            for item in contrasts
        ]
        if any(table is None for table in tables):
            reason = "its scope needs every image's prediction, on the same images for all variants"
            return _unjudged(claim, "not assessable", reason)
        samples = [
            replace(sample, spread=crossed_spread(table))
            for sample, table in zip(samples, tables, strict=True)
            if table is not None
        ]
    sample = max(samples, key=lambda item: abs(item.mean))
    if len(samples) > 1:
        return Measured(claim, sample, _joint_p(samples))
    return Measured(
        claim,
        sample,
        primary_p(sample, claim.operator, claim.margin),
        _against(claim, plan, values, found),
        _networks(contrasts[0], found, claim, marking),
    )


def _without_seeds(claim: Claim) -> ClaimRow:
    if claim.metric.startswith("test_"):
        reason = "the test set was not opened for all its variants (select: {test: all} does it)"
        return _unjudged(claim, "not assessable", reason)
    return _unjudged(claim, "undecided", "no seed has finished yet")


def _against(claim: Claim, plan: Plan, values: Values, seeds: Sequence[int]) -> bool:
    steps = neighbour_contrasts(claim, plan) if claim.kind == "trend" else ()
    return any(
        _opposes(Sample(tuple(step.value(values, seed) for seed in seeds)), claim, len(steps))
        for step in steps
    )


def _opposes(step: Sample, claim: Claim, num_steps: int) -> bool:
    wrong = step.mean < 0 if claim.operator == ">" else step.mean > 0
    return wrong and step.n >= MIN_SEEDS and step.p_differs() <= ALPHA / num_steps


def _networks(
    contrast: Contrast, seeds: Sequence[int], claim: Claim, marking: Marking | None
) -> McNemar | None:
    """Return McNemar's test if there is one seed, one variant per side, and an accuracy as metric."""
    sides = sorted(contrast.weights.items(), key=lambda item: -item[1])
    if len(seeds) != 1 or [weight for _, weight in sides] != [1.0, -1.0] or marking is None:
        return None
    if not claim.metric.endswith("accuracy"):
        return None
    left, right = (marking(name, seeds[0], claim.metric) for name, _ in sides)
    if left is None or right is None or not np.array_equal(left.ids, right.ids):
        return None
    return mcnemar(left.right, right.right)


def _joint_p(samples: Sequence[Sample]) -> float:
    """Return the p value of "all these contrasts have mean zero".

    Source: Hotelling's T² test (1931). Instead, the smallest p value is adjusted by Bonferroni if there
    are too few seeds, if the images count as a sample, or if the contrasts are linearly dependent over
    seeds (for example because outcomes are equal).
    """
    count, n = len(samples), samples[0].n
    rows = np.array([sample.values for sample in samples]).T
    if n <= count + 1 or samples[0].spread is not None or not _independent(rows):
        return min(1.0, count * min(sample.p_differs() for sample in samples))
    return hotelling(rows).p


def _independent(rows: npt.NDArray[np.float64]) -> bool:
    """Return whether the columns of ``(seed, contrast)`` are linearly independent and not constant."""
    spread = rows.std(0)
    if (spread <= DEPENDENT * np.abs(rows).max(0)).any():
        return False
    scaled = (rows - rows.mean(0)) / spread
    rank = int(np.linalg.matrix_rank(scaled, tol=DEPENDENT * math.sqrt(rows.size)))
    return bool(rank == rows.shape[1])


def _values(trials: Sequence[StoredTrial], metric: str) -> Values:
    return {
        (trial.variant, trial.seed): value
        for trial in trials
        if trial.status == "done" and (value := metric_of(trial, metric)) is not None
    }


def _unjudged(claim: Claim, verdict: Verdict, reason: str) -> ClaimRow:
    return ClaimRow(claim, verdict, math.nan, math.nan, math.nan, 0, reason)
