"""From numbers to a word. The vocabulary is closed."""

from __future__ import annotations

import math
from typing import Literal

from paribus.judge.samples import Sample, seeds_for_direction, seeds_for_equality, seeds_in_scope

__all__ = ["ALPHA", "MIN_SEEDS", "Verdict", "judge_difference", "primary_p", "seeds_needed"]

Verdict = Literal[
    "supported",
    "supported but negligible",
    "refuted",
    "practically equal",
    "undecided",
    "cannot be decided by seeds",
    "not assessable",
]

Operator = Literal[">", "<", "=", "depends"]

ALPHA = 0.05
MIN_SEEDS = 5
REASONABLE_SEEDS = 100
"""More than this is not worth spending on one claim."""


def primary_p(sample: Sample, operator: Operator, margin: float) -> float:
    """Return the p value by which a claim enters the family of all claims.

    Directed claims: the two-sided t test against zero. Equality: the smaller of the tests that
    the contrast lies within the margin and that it lies beyond; only one of them can be wrong.
    """
    if operator == "=":
        return min(sample.p_equal(margin), sample.p_differs(margin))
    return sample.p_differs()


def judge_difference(
    sample: Sample,
    operator: Operator,
    margin: float,
    *,
    adjusted_p: float,
    num_claims: int = 1,
    level: float = ALPHA,
) -> Verdict:
    """Judge "left operator right" from the paired differences left - right.

    Args:
        sample: differences, one per seed.
        operator: as claimed.
        margin: smallest difference that matters, at least 0.
        adjusted_p: `primary_p`, adjusted for the other claims of the study.
        num_claims: of the study.
        level: of the tests for equality; smaller at a planned look.

    Example:
        >>> sample = Sample((0.03, 0.02, 0.04, 0.03, 0.03))
        >>> judge_difference(sample, ">", 0.01, adjusted_p=sample.p_differs())
        'supported'
    """
    if sample.n < MIN_SEEDS:
        return "undecided"
    significant = adjusted_p <= ALPHA
    if operator == "=":
        if not significant:
            return _open(sample, operator, margin, num_claims)
        return "supported" if sample.p_equal(margin) < sample.p_differs(margin) else "refuted"
    small = sample.p_equal(margin) <= level
    if significant:
        positive = sample.mean < 0 if operator == "<" else sample.mean > 0
        if operator == "depends" or positive:
            return "supported but negligible" if small else "supported"
        return "practically equal" if small else "refuted"
    if sample.p_equal(margin) <= level / num_claims:
        return "practically equal"
    return _open(sample, operator, margin, num_claims)


def _open(sample: Sample, operator: Operator, margin: float, num_claims: int) -> Verdict:
    needed = seeds_needed(sample, operator, margin, num_claims)
    if needed is None or needed > REASONABLE_SEEDS:
        return "cannot be decided by seeds"
    return "undecided"


def seeds_needed(
    sample: Sample, operator: Operator, margin: float, num_claims: int = 1
) -> int | None:
    """Forecast how many seeds in all would decide a claim, if the estimate and the spread are right.

    A forecast from an estimate, never a verdict. Levels are Bonferroni's, which is what Holm asks
    of the hardest claim.

    Returns:
        None if a thousand are too few.
    """
    if sample.std == 0:  # only the signs speak: 2^(1 - n) must be small enough
        return max(MIN_SEEDS, 1 + math.ceil(math.log2(num_claims / ALPHA)))
    if not sample.std > 0:
        return None
    if sample.spread is not None:
        level = ALPHA / num_claims
        kinds = (True,) if operator == "=" else (True, False)
        needs = [seeds_in_scope(sample, margin, level, equality=kind) for kind in kinds]
        known = [need for need in needs if need is not None]
        return max(min(known), MIN_SEEDS) if known else None
    effect, scaled = sample.mean / sample.std, margin / sample.std
    alpha = ALPHA / num_claims
    ways = [seeds_for_equality(effect, scaled, alpha)]
    if operator != "=":
        ways.append(seeds_for_direction(effect, alpha))
    elif abs(effect) > scaled:
        ways.append(seeds_for_direction(abs(effect) - scaled, alpha))
    found = [way for way in ways if way is not None]
    return max(min(found), MIN_SEEDS) if found else None
