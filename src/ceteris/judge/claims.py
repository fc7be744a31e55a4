"""Claims judged together: contrasts seed by seed, and one family of tests.

The error that is controlled: over all claims of a study, the chance of any wrong "supported" or
"refuted" is at most 5 % (Holm 1979). `benchmarks/calibration.py` measures it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ceteris.judge.contrasts import contrasts_of, neighbour_contrasts
from ceteris.judge.looks import nominal_levels
from ceteris.judge.results import ClaimRow
from ceteris.judge.samples import Sample
from ceteris.judge.verdicts import (
    ALPHA,
    MIN_SEEDS,
    Verdict,
    judge_difference,
    primary_p,
    seeds_needed,
)
from ceteris.judge.words import reason_of
from ceteris.records import Claim, Plan, StoredTrial

__all__ = ["benjamini_hochberg", "holm", "judge_claims", "open_claims"]


@dataclass(frozen=True)
class _Measured:
    """A claim with its contrast over seeds."""

    claim: Claim
    sample: Sample
    p: float
    """Before adjustment."""
    against: bool = False
    """A trend, one of whose steps goes the other way for sure."""

    @property
    def testable(self) -> bool:
        """Whether there are seeds enough for a verdict."""
        return self.sample.n >= MIN_SEEDS


def judge_claims(
    claims: Sequence[Claim],
    plan: Plan,
    trials: Sequence[StoredTrial],
    declared: Sequence[Claim] | None = None,
) -> tuple[ClaimRow, ...]:
    """Judge all claims of a study.

    Per seed, each claim is one contrast of its variants (the mean over the levels of factors that
    it does not fix); values over seeds are then judged against zero and the margin.

    Args:
        claims: declared before running.
        plan: the study.
        trials: fitted on the training part.
        declared: claims as they were before the first result; all by default. Others are marked
            exploratory: they take no evidence from the family, and are adjusted for all claims.
    """
    late = [declared is not None and claim not in declared for claim in claims]
    if plan.looks:
        count = max(1, late.count(False))
        rows = [_at_looks(claim, plan, trials, count) for claim in claims]
        return tuple(replace(row, exploratory=late[k]) for k, row in enumerate(rows))
    found = [_measure(claim, plan, trials) for claim in claims]
    ready = [k for k, item in enumerate(found) if isinstance(item, _Measured) and item.testable]
    own = [k for k in ready if not late[k]]
    return tuple(
        replace(
            item
            if isinstance(item, ClaimRow)
            else _judged(item, *_adjusted(k, ready if late[k] else own, found)),
            exploratory=late[k],
        )
        for k, item in enumerate(found)
    )


def open_claims(rows: Sequence[ClaimRow], plan: Plan) -> tuple[Claim, ...]:
    """Return the claims for which another planned look may still decide something."""
    return tuple(
        row.claim
        for row in rows
        if row.n < plan.looks[-1] and row.verdict in ("undecided", "cannot be decided by seeds")
    )


def _at_looks(claim: Claim, plan: Plan, trials: Sequence[StoredTrial], num_claims: int) -> ClaimRow:
    """Judge at each planned look that has been reached, until one decides."""
    levels = nominal_levels(plan.looks)
    row: ClaimRow | None = None
    for number, (look, level) in enumerate(zip(plan.looks, levels, strict=True), start=1):
        item = _measure(claim, plan, trials, seeds=plan.seeds[:look])
        if isinstance(item, ClaimRow):
            return row or item
        if item.sample.n < look:
            return row or _judged(item, math.nan, num_claims)
        adjusted = min(1.0, item.p * num_claims * ALPHA / level)
        row = replace(
            _judged(item, adjusted, num_claims, level),
            look=number if look < plan.looks[-1] else None,
        )
        if row.verdict not in ("undecided", "cannot be decided by seeds"):
            return replace(row, reason=reason_of(row))
    assert row is not None  # noqa: S101 - a plan with looks has one
    return row


def _adjusted(
    index: int, family: Sequence[int], found: Sequence[_Measured | ClaimRow]
) -> tuple[float, int]:
    """Return the adjusted p value of a claim, and the size of its family."""
    p_values = [item.p for k in family if isinstance(item := found[k], _Measured)]
    if index not in family:
        return math.nan, max(1, len(family))
    return holm(p_values)[family.index(index)], len(family)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p values adjusted for being several.

    Source: Holm 1979. Oracle: ``statsmodels.stats.multitest.multipletests(method="holm")``.
    """
    count = len(p_values)
    order = sorted(range(count), key=lambda index: p_values[index])
    result, largest = [0.0] * count, 0.0
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, (count - rank) * p_values[index]))
        result[index] = largest
    return result


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Return false discovery rates; NaN stays NaN and does not count.

    Source: Benjamini & Hochberg 1995. Oracle: ``scipy.stats.false_discovery_control``.
    """
    known = [index for index, p in enumerate(p_values) if not math.isnan(p)]
    result, smallest = [math.nan] * len(p_values), 1.0
    order = sorted(known, key=lambda index: -p_values[index])
    for rank, index in enumerate(order):
        smallest = min(smallest, len(known) / (len(known) - rank) * p_values[index])
        result[index] = smallest
    return result


def _measure(
    claim: Claim, plan: Plan, trials: Sequence[StoredTrial], seeds: Sequence[int] | None = None
) -> _Measured | ClaimRow:
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
    seeds = [seed for seed in wanted if all((name, seed) in values for name in names)]
    if not seeds:
        if claim.metric.startswith("test_"):
            reason = (
                "the test set was not opened for all its variants (select: {test: all} does it)"
            )
            return _unjudged(claim, "not assessable", reason)
        return _unjudged(claim, "undecided", "no seed has finished yet")
    samples = [Sample(tuple(item.value(values, seed) for seed in seeds)) for item in contrasts]
    sample = max(samples, key=lambda item: abs(item.mean))
    if len(samples) > 1:
        return _Measured(claim, sample, _joint_p(samples))
    steps = neighbour_contrasts(claim, plan) if claim.kind == "trend" else ()
    against = any(
        _opposes(Sample(tuple(step.value(values, seed) for seed in seeds)), claim, len(steps))
        for step in steps
    )
    return _Measured(claim, sample, primary_p(sample, claim.operator, claim.margin), against)


def _opposes(step: Sample, claim: Claim, num_steps: int) -> bool:
    wrong = step.mean < 0 if claim.operator == ">" else step.mean > 0
    return wrong and step.n >= MIN_SEEDS and step.p_differs() <= ALPHA / num_steps


def _joint_p(samples: Sequence[Sample]) -> float:
    """Return p of "all these contrasts are zero".

    Source: Hotelling 1931, by statsmodels; Bonferroni where there are too few seeds for it.
    """
    count, n = len(samples), samples[0].n
    if n <= count + 1:
        return min(1.0, count * min(sample.p_differs() for sample in samples))
    from statsmodels.stats.multivariate import test_mvmean

    rows = np.array([sample.values for sample in samples]).T
    return float(test_mvmean(rows).pvalue)


def _judged(item: _Measured, adjusted_p: float, num_claims: int, level: float = ALPHA) -> ClaimRow:
    claim, sample = item.claim, item.sample
    verdict = judge_difference(
        sample,
        claim.operator,
        claim.margin,
        adjusted_p=adjusted_p,
        num_claims=num_claims,
        level=level,
    )
    if item.against and verdict.startswith("supported"):
        verdict = "refuted"
    low, high = sample.interval(1 - level)
    flip = sample.p_flip() if sample.n >= MIN_SEEDS else math.nan
    needed = seeds_needed(sample, claim.operator, claim.margin, num_claims)
    row = ClaimRow(
        claim=claim,
        verdict=verdict,
        estimate=sample.mean,
        low=low,
        high=high,
        n=sample.n,
        reason="",
        p=item.p,
        adjusted_p=adjusted_p,
        p_flip=flip,
        fragile=_fragile(sample, verdict, flip),
        more_seeds=_more(verdict, needed, sample.n),
        not_monotone=item.against,
    )
    return replace(row, reason=reason_of(row))


def _fragile(sample: Sample, verdict: Verdict, flip: float) -> bool:
    """Whether the sign-flip test, where it can, does not confirm what the t test found."""
    told = verdict in ("supported", "supported but negligible", "refuted")
    return told and sample.smallest_p_flip <= ALPHA and flip > ALPHA and sample.p_differs() <= ALPHA


def _more(verdict: Verdict, needed: int | None, n: int) -> int | None:
    if verdict != "undecided":
        return None
    if n < MIN_SEEDS:
        return MIN_SEEDS - n
    return max(1, needed - n) if needed is not None else None


def _values(trials: Sequence[StoredTrial], metric: str) -> Mapping[tuple[str, int], float]:
    return {
        (trial.variant, trial.seed): trial.metrics[metric]
        for trial in trials
        if trial.status == "done" and metric in trial.metrics
    }


def _unjudged(claim: Claim, verdict: Verdict, reason: str) -> ClaimRow:
    return ClaimRow(claim, verdict, math.nan, math.nan, math.nan, 0, reason)
