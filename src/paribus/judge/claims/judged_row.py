"""The row of a claim: its estimate with the interval that the verdict stands on, and its qualification."""

from __future__ import annotations

import math

from paribus.judge.claims.claim_row import AllSeeds, ClaimRow, CollapseRate, Collapses
from paribus.judge.estimands.means import MeanOfContrast
from paribus.judge.estimands.measured import Measured, Unjudged
from paribus.judge.estimands.seeds import ClaimSeeds
from paribus.judge.selection import higher_is_better
from paribus.judge.statistics.effects import mean_interval
from paribus.judge.statistics.sign_test import seeds_to_tell
from paribus.judge.verdicts import ALPHA, MIN_SEEDS, Verdict
from paribus.records import Claim

__all__ = ["judged_row", "unjudged_row"]

_DECIDED = ("supported", "supported but negligible", "refuted", "practically equal")
_DIRECTED = ("supported", "supported but negligible", "refuted")


def unjudged_row(claim: Claim, item: Unjudged, planned: int) -> ClaimRow:
    """Return the row of a claim that has nothing to be judged by."""
    nan = math.nan
    return ClaimRow(claim, item.verdict, nan, nan, nan, 0, item.reason, planned=planned)


def judged_row(
    item: Measured,
    adjusted_p: float,
    num_claims: int,
    level: float = ALPHA,
    *,
    planned: int,
    complete: bool = True,
) -> ClaimRow:
    """Judge a measured claim.

    Args:
        item: the claim's estimate.
        adjusted_p: its p value, adjusted for the other claims of the study.
        num_claims: number of claims in the family.
        level: significance level of the family; smaller at a planned look.
        planned: number of planned seeds up to this look.
        complete: whether all of them have ended; without them there is no verdict.

    Returns:
        The row; its ``reason`` is empty.
    """
    seeds = item.seeds
    verdict = item.decide(adjusted_p, num_claims, level) if complete else "not judged yet"
    against = verdict == "refuted" and item.step_against(num_claims, level)
    low, high = item.interval(1 - level / num_claims)
    if not against:
        low, high = _cut(item, verdict, low, high)
    plain_low, plain_high = item.interval(1 - ALPHA)
    single_low, single_high = _single(item)
    signs = seeds.signs()
    return ClaimRow(
        claim=seeds.claim,
        verdict=verdict,
        estimate=item.estimate,
        low=low,
        high=high,
        n=item.n,
        reason="",
        qualification=_qualification(seeds, verdict),
        seeds=len(seeds.ended),
        planned=planned,
        p=item.p,
        adjusted_p=adjusted_p,
        num_claims=num_claims,
        p_flip=item.p_flip,
        fragile=item.is_fragile(verdict, num_claims),
        uneven=isinstance(item, MeanOfContrast) and item.sample.uneven,
        seeds_needed=_needed(item, verdict, num_claims),
        not_monotone=against,
        networks=item.networks,
        image_error=item.image_error,
        level=1 - level / num_claims,
        plain_low=plain_low,
        plain_high=plain_high,
        single_low=single_low,
        single_high=single_high,
        ahead=signs.plus + signs.ties / 2,
        ties=signs.ties,
        compared=signs.n,
        collapse=_collapses(seeds),
    )


def _single(item: Measured) -> tuple[float, float]:
    """Return the range of the contrast in one further seed; NaN for numbers of seeds."""
    return (
        item.sample.single(1 - ALPHA) if isinstance(item, MeanOfContrast) else (math.nan, math.nan)
    )


def _cut(item: Measured, verdict: Verdict, low: float, high: float) -> tuple[float, float]:
    """Return the interval without the values that the verdict excludes.

    Holm's method decides some claims at a level that is larger than the one of the simultaneous
    (Bonferroni) interval, and two one-sided tests correspond to a narrower interval than the
    two-sided one; the interval would then hold values that the verdict has excluded.
    """
    claim = item.seeds.claim
    margin = claim.margin
    if len(item.seeds.contrasts) > 1 and verdict in _DIRECTED:
        return low, high  # which pair of levels differs is not said
    if verdict == "practically equal" or (claim.operator == "=" and verdict == "supported"):
        return max(low, -margin), min(high, margin)
    if verdict not in _DIRECTED:
        return low, high
    if claim.operator == "=":
        return (max(low, margin), high) if item.estimate > 0 else (low, min(high, -margin))
    if verdict == "supported but negligible":
        low, high = max(low, -margin), min(high, margin)
    return (max(low, 0.0), high) if item.estimate > 0 else (low, min(high, 0.0))


def _needed(item: Measured, verdict: Verdict, num_claims: int) -> int | None:
    if verdict != "undecided":
        return None
    if len(item.seeds.ended) < MIN_SEEDS:
        return MIN_SEEDS
    needed = item.seeds_needed(num_claims)
    return None if needed is None else max(needed, len(item.seeds.ended) + 1)


def _qualification(seeds: ClaimSeeds, verdict: Verdict) -> str:
    """Say what a decided verdict is limited to."""
    claim = seeds.claim
    if verdict not in _DECIDED or claim.of == "collapse":
        return ""
    if claim.of == "wins":
        return "in most seeds"
    if len(seeds.learned) == len(seeds.ended):
        return ""
    if claim.of == "mean":
        return "on average over all seeds"
    if claim.kind == "threshold":
        return "where it learns"
    limited = "where both learn" if claim.kind == "difference" else "where all learn"
    if verdict not in _DIRECTED or claim.kind != "difference" or claim.operator == "=":
        return limited
    return limited + _price(seeds, verdict)


def _price(seeds: ClaimSeeds, verdict: Verdict) -> str:
    """Say that the better side collapses in more seeds, if it does."""
    claim = seeds.claim
    if claim.metric == "gap":
        return ""
    left, right = seeds.sides()
    above = (claim.operator == ">") == verdict.startswith("supported")
    left_wins = above == higher_is_better(claim.metric)
    winner, other = (left, right) if left_wins else (right, left)
    if winner.collapsed.count <= other.collapsed.count:
        return ""
    subject = "" if left_wins and verdict.startswith("supported") else f"{winner.name} "
    return f", but {subject}collapses more often"


def _collapses(seeds: ClaimSeeds) -> Collapses | None:
    """Return how often the networks of a claim collapsed; None if none did and the claim asks another."""
    sides = seeds.sides()
    none = len(seeds.learned) == len(seeds.ended)
    if not sides or (none and seeds.claim.of != "collapse"):
        return None
    rates = tuple(
        CollapseRate(side.name, side.collapsed.count, side.collapsed.n, *side.collapsed.interval())
        for side in sides
    )
    if len(sides) == 1:
        return Collapses(rates, all_seeds=_all_seeds(seeds))
    signs = seeds.collapses()
    needed = (
        seeds_to_tell(signs.plus / signs.n, signs.minus / signs.n, ALPHA)
        if signs.p() > ALPHA
        else None
    )
    return Collapses(rates, signs.p(), needed, _all_seeds(seeds))


def _all_seeds(seeds: ClaimSeeds) -> AllSeeds | None:
    if seeds.valued(seeds.ended) != seeds.ended:
        return None
    item = mean_interval([seeds.value(seeds.contrasts[0], seed) for seed in seeds.ended])
    return AllSeeds(item.mean, item.low, item.high, item.n)
