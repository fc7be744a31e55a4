"""Verdicts on claims: from a sample of paired differences to one word of a fixed vocabulary."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from paribus.judge.statistics.samples import (
    Sample,
    seeds_for_direction,
    seeds_for_equality,
    seeds_in_scope,
)

__all__ = [
    "ALPHA",
    "MIN_SEEDS",
    "OPEN_VERDICTS",
    "REASONABLE_SEEDS",
    "Verdict",
    "judge_difference",
    "primary_p",
    "seeds_needed",
]

Verdict = Literal[
    "supported",
    "supported but negligible",
    "refuted",
    "practically equal",
    "undecided",
    "cannot be decided by seeds",
    "not judged yet",
    "not assessable",
]
"""``not judged yet``: planned seeds of the claim have not ended. ``not assessable``: there is nothing
to judge it by."""

OPEN_VERDICTS = ("undecided", "cannot be decided by seeds")
"""Verdicts that further seeds may change."""

Operator = Literal[">", "<", "=", "depends"]

ALPHA = 0.05
"""Significance level: familywise error over all claims of a study."""
MIN_SEEDS = 5
"""Smallest number of seeds for a verdict."""
REASONABLE_SEEDS = 100
"""Largest number of seeds that one claim is worth; beyond it, "cannot be decided by seeds"."""


def primary_p(sample: Sample, operator: Operator, margin: float) -> float:
    """Return the p value with which a claim enters Holm's adjustment over all claims.

    For a directed claim it is that of the two-sided t test against zero. For an equality it is the
    smaller one of two tests, that the mean lies within the margin and that it lies beyond. The two
    null hypotheses exclude each other, so at most one of the tests can err.
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
    pairs: Sequence[Sample] = (),
) -> Verdict:
    """Judge "left operator right" from the paired differences left - right.

    Args:
        sample: paired differences, one per seed.
        operator: operator of the claim.
        margin: smallest difference that matters, at least 0.
        adjusted_p: `primary_p`, adjusted for the other claims of the study.
        num_claims: number of claims in the family, by which the level of the equivalence test is
            divided (Bonferroni): "practically equal" and "negligible" can be wrong, too.
        level: significance level of the family; smaller at a planned look.
        pairs: for claims over several levels the contrast of every two levels. What is called small
            must be small between the two that differ most.

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
    small = max(item.p_equal(margin) for item in pairs or (sample,)) <= level / num_claims
    if significant:
        positive = sample.mean < 0 if operator == "<" else sample.mean > 0
        if operator == "depends" or positive:
            return "supported but negligible" if small else "supported"
        return "practically equal" if small else "refuted"
    return "practically equal" if small else _open(sample, operator, margin, num_claims)


def _open(sample: Sample, operator: Operator, margin: float, num_claims: int) -> Verdict:
    needed = seeds_needed(sample, operator, margin, num_claims)
    if needed is None or needed > REASONABLE_SEEDS:
        return "cannot be decided by seeds"
    return "undecided"


def seeds_needed(
    sample: Sample, operator: Operator, margin: float, num_claims: int = 1
) -> int | None:
    """Forecast how many seeds in total would decide a claim.

    The forecast takes the estimated mean and standard deviation for the true ones; it is never a
    verdict. Levels are divided by the number of claims (Bonferroni), as Holm does for the smallest
    p value.

    Returns:
        None if a thousand are too few.
    """
    if sample.std == 0:  # sign-flip test: its p value, 2^(1 - n), must be small enough
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
