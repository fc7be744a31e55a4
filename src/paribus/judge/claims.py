"""Verdicts of all claims of a study, as one family of tests.

The familywise error is controlled: over all claims of a study, the probability of any wrong
"supported" or "refuted" is at most 5 % (Holm 1979). `benchmarks/calibration.py` measures it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from paribus.judge.marks import Marking
from paribus.judge.results import ClaimRow
from paribus.judge.statistics.looks import nominal_levels
from paribus.judge.statistics.measure import Measured, measure_claim
from paribus.judge.statistics.samples import Sample
from paribus.judge.verdicts import (
    ALPHA,
    MIN_SEEDS,
    Verdict,
    judge_difference,
    seeds_needed,
)
from paribus.judge.words import reason_of
from paribus.records import Claim, Plan, StoredTrial

__all__ = ["benjamini_hochberg", "holm", "judge_claims", "open_claims"]


def judge_claims(
    claims: Sequence[Claim],
    plan: Plan,
    trials: Sequence[StoredTrial],
    declared: Sequence[Claim] | None = None,
    marking: Marking | None = None,
) -> tuple[ClaimRow, ...]:
    """Judge all claims of a study.

    Each claim is one contrast of its variants per seed (averaged over the levels of factors that it
    does not fix). The mean of these values over seeds is tested against zero and the margin.

    Args:
        claims: claims of the study file as it is now.
        plan: the study.
        trials: trials fitted on the training set.
        declared: claims of the study file before the first result; by default all of ``claims``.
            Claims that are not among them are marked exploratory: they do not weaken the p values of
            the declared ones, and are themselves adjusted for all claims.
        marking: which images each trial classifies correctly; needed for claims with the scope
            "data-source", and for McNemar's test where there is one seed.
    """
    late = [declared is not None and claim not in declared for claim in claims]
    if plan.looks:
        count = max(1, late.count(False))
        rows = [_at_looks(claim, plan, trials, count, marking) for claim in claims]
        return tuple(replace(row, exploratory=late[k]) for k, row in enumerate(rows))
    found = [measure_claim(claim, plan, trials, marking=marking) for claim in claims]
    ready = [k for k, item in enumerate(found) if isinstance(item, Measured) and item.testable]
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
    """Return the claims that are undecided and have planned looks left."""
    return tuple(
        row.claim
        for row in rows
        if row.n < plan.looks[-1] and row.verdict in ("undecided", "cannot be decided by seeds")
    )


def _at_looks(
    claim: Claim,
    plan: Plan,
    trials: Sequence[StoredTrial],
    num_claims: int,
    marking: Marking | None,
) -> ClaimRow:
    """Judge a claim at each planned look that its seeds have reached, until one decides it."""
    levels = nominal_levels(plan.looks)
    row: ClaimRow | None = None
    for number, (look, level) in enumerate(zip(plan.looks, levels, strict=True), start=1):
        item = measure_claim(claim, plan, trials, plan.seeds[:look], marking)
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
    index: int, family: Sequence[int], found: Sequence[Measured | ClaimRow]
) -> tuple[float, int]:
    """Return the Holm-adjusted p value of ``found[index]`` in a family of indices, and its size."""
    p_values = [item.p for k in family if isinstance(item := found[k], Measured)]
    if index not in family:
        return math.nan, max(1, len(family))
    return holm(p_values)[family.index(index)], len(family)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p values adjusted for multiple testing so that the familywise error is controlled.

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
    """Return p values adjusted so that the false discovery rate is controlled (q values).

    NaN stays NaN and does not count as a test.

    Source: Benjamini & Hochberg 1995. Oracle: ``scipy.stats.false_discovery_control``.
    """
    known = [index for index, p in enumerate(p_values) if not math.isnan(p)]
    result, smallest = [math.nan] * len(p_values), 1.0
    order = sorted(known, key=lambda index: -p_values[index])
    for rank, index in enumerate(order):
        smallest = min(smallest, len(known) / (len(known) - rank) * p_values[index])
        result[index] = smallest
    return result


def _judged(item: Measured, adjusted_p: float, num_claims: int, level: float = ALPHA) -> ClaimRow:
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
    flips = sample.n >= MIN_SEEDS and sample.spread is None
    flip = sample.p_flip() if flips else math.nan
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
        fragile=_fragile(sample, verdict, flip, ALPHA / num_claims),
        more_seeds=_more(verdict, needed, sample.n),
        not_monotone=item.against,
        networks=item.networks,
        image_error=None if sample.spread is None else sample.spread.floor,
        level=1 - level,
        ahead=sum(1.0 if value > 0 else 0.5 if value == 0 else 0.0 for value in sample.values),
        ties=sum(value == 0 for value in sample.values),
    )
    return replace(row, reason=reason_of(row))


def _fragile(sample: Sample, verdict: Verdict, flip: float, strict: float) -> bool:
    """Return whether the t test and the sign-flip test disagree about a difference.

    A decided claim is fragile if only the t test rejects at `ALPHA`; an open one if only the
    sign-flip test rejects at ``strict``, the level divided by the number of claims.
    """
    if sample.smallest_p_flip > ALPHA or math.isnan(flip):
        return False
    if verdict in ("supported", "supported but negligible", "refuted"):
        return flip > ALPHA and sample.p_differs() <= ALPHA
    still_open = verdict in ("undecided", "cannot be decided by seeds")
    return still_open and flip <= strict and sample.p_differs() > strict


def _more(verdict: Verdict, needed: int | None, n: int) -> int | None:
    if verdict != "undecided":
        return None
    if n < MIN_SEEDS:
        return MIN_SEEDS - n
    return max(1, needed - n) if needed is not None else None
