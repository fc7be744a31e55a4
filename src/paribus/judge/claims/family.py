"""Verdicts of all claims of a study, as one family of tests.

Two familywise errors are controlled: over all claims of a study, the probability that any absent
difference is called one is at most 5 % (Holm 1979, at looks Bonferroni), and so is the probability that
any difference of the margin or more is called small (Bonferroni). `benchmarks/calibration` measures both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from paribus.judge.claims.claim_row import ClaimRow
from paribus.judge.claims.evidence import ClaimEvidence
from paribus.judge.claims.judged_row import judged_row, unjudged_row
from paribus.judge.claims.words import reason_of
from paribus.judge.estimands.measured import Measured, Unjudged
from paribus.judge.statistics.adjusting import holm
from paribus.judge.statistics.looks import nominal_levels
from paribus.judge.verdicts import ALPHA, MIN_SEEDS, OPEN_VERDICTS
from paribus.records import Claim, Plan

__all__ = ["judge_claims", "open_claims"]


EXTENDED = "its seeds were changed after a verdict was seen"
LATE = "declared after the first result"


def judge_claims(
    claims: Sequence[Claim],
    evidence: ClaimEvidence,
    declared: Sequence[Claim] | None = None,
    *,
    extended: bool = False,
) -> tuple[ClaimRow, ...]:
    """Judge all claims of a study.

    With a fixed number of seeds a claim gets no verdict before the last planned seed of its variants
    has ended: looking at it meanwhile, and stopping when it pleases, would err more often than
    promised.

    Args:
        claims: claims of the study file as it is now.
        evidence: the plan and its trials.
        declared: claims of the study file before the first result; by default all of ``claims``.
            Claims that are not among them are marked exploratory: they do not weaken the p values of
            the declared ones, and are themselves adjusted for all claims.
        extended: whether seeds were added after a verdict was seen. All claims are exploratory then.
    """
    late = [extended or (declared is not None and claim not in declared) for claim in claims]
    if evidence.plan.looks:
        count = max(1, late.count(False)) if not all(late) else max(1, len(claims))
        rows = [_at_looks(claim, evidence, count) for claim in claims]
    else:
        rows = _at_the_end(claims, evidence, late)
    why = EXTENDED if extended else LATE
    return tuple(
        _explained(
            replace(
                row,
                exploratory=late[k],
                why_exploratory=why if late[k] else "",
                looks=bool(evidence.plan.looks),
            )
        )
        for k, row in enumerate(rows)
    )


def open_claims(rows: Sequence[ClaimRow], plan: Plan) -> tuple[Claim, ...]:
    """Return the claims that are undecided and have planned looks left."""
    return tuple(
        row.claim
        for row in rows
        if 0 < row.planned < plan.looks[-1] and row.verdict in OPEN_VERDICTS
    )


def _at_the_end(
    claims: Sequence[Claim], evidence: ClaimEvidence, late: Sequence[bool]
) -> list[ClaimRow]:
    """Judge claims of a plan with a fixed number of seeds, at the last one."""
    plan = evidence.plan
    found = [evidence.measure(claim) for claim in claims]
    p_values = {
        k: _final_p(item, evidence)
        for k, item in enumerate(found)
        if not isinstance(item, Unjudged) or item.verdict != "not assessable"
    }
    rows = []
    for k, (claim, item) in enumerate(zip(claims, found, strict=True)):
        family = [index for index in p_values if late[k] or not late[index]]
        if isinstance(item, Unjudged):
            rows.append(unjudged_row(claim, item, len(plan.seeds)))
            continue
        adjusted = dict(zip(family, holm([p_values[index] for index in family]), strict=True))
        p = adjusted[k] if _is_testable(item, evidence) else math.nan
        rows.append(
            judged_row(
                item,
                p,
                len(family),
                planned=len(plan.seeds),
                complete=_is_complete(item, evidence),
            )
        )
    return rows


def _is_complete(item: Measured, evidence: ClaimEvidence) -> bool:
    return not evidence.more_to_come or len(item.seeds.ended) == len(evidence.plan.seeds)


def _is_testable(item: Measured, evidence: ClaimEvidence) -> bool:
    """Return whether all planned seeds have ended, and enough of them enter the estimate."""
    return item.n >= MIN_SEEDS and _is_complete(item, evidence)


def _final_p(item: Measured | Unjudged, evidence: ClaimEvidence) -> float:
    """Return the p value with which a claim enters the family; 1 while it cannot be judged."""
    testable = not isinstance(item, Unjudged) and _is_testable(item, evidence)
    return item.p if testable and not isinstance(item, Unjudged) else 1.0


def _at_looks(claim: Claim, evidence: ClaimEvidence, num_claims: int) -> ClaimRow:
    """Judge a claim at each planned look that its seeds have reached, until one decides it."""
    plan = evidence.plan
    levels = nominal_levels(plan.looks)
    row: ClaimRow | None = None
    for number, (look, level) in enumerate(zip(plan.looks, levels, strict=True), start=1):
        item = evidence.measure(claim, plan.seeds[:look])
        if isinstance(item, Unjudged):
            return row or unjudged_row(claim, item, 0)
        if len(item.seeds.ended) < look:
            return row or judged_row(item, math.nan, num_claims, planned=look, complete=False)
        adjusted = min(1.0, item.p * num_claims * ALPHA / level)
        row = replace(
            judged_row(item, adjusted, num_claims, level, planned=look),
            look=number if look < plan.looks[-1] else None,
        )
        if row.verdict not in OPEN_VERDICTS:
            return row
    assert row is not None  # noqa: S101 - a plan with looks has one
    return row


def _explained(row: ClaimRow) -> ClaimRow:
    return row if row.reason else replace(row, reason=reason_of(row))
