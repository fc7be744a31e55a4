"""What the seeds of a claim show, in sentences and in numbers with their units."""

from __future__ import annotations

import math
from collections.abc import Iterator

from paribus.judge.claims.claim_row import ClaimRow, CollapseRate, Collapses
from paribus.judge.selection import higher_is_better
from paribus.judge.verdicts import ALPHA
from paribus.wording import counted, p_value
from paribus.writing.numbers import format_difference

__all__ = ["format_claim", "seed_sentences"]


def format_claim(row: ClaimRow) -> str:
    """Format the estimate of a claim: a difference with its interval, or numbers of seeds."""
    if row.claim.of == "collapse":
        rates = () if row.collapse is None else row.collapse.rates
        return " : ".join(f"{rate.count} of {rate.n}" for rate in rates) or "-"
    if row.claim.of == "wins":
        if not row.compared:
            return "-"
        above = round(row.ahead - row.ties / 2)
        return f"{above} : {row.compared - above - row.ties} seeds"
    return format_difference(row.claim.metric, row.estimate, row.low, row.high)


def seed_sentences(row: ClaimRow) -> tuple[str, ...]:
    """Return what the seeds of a claim show, one sentence each.

    In how many seeds the left side is ahead; where networks collapsed, the difference in the seeds
    where both sides learn, how often each side collapsed and how many seeds it would take to tell these
    rates apart, and the mean over all seeds.
    """
    return tuple(_seed_sentences(row))


def _seed_sentences(row: ClaimRow) -> Iterator[str]:
    if not row.seeds or math.isnan(row.ahead):
        return
    ahead = _ahead(row)
    if ahead:
        yield ahead
    if row.collapse is None:
        return
    if row.claim.of == "learned" and row.n:
        p = "" if math.isnan(row.adjusted_p) else f", {p_value(row.adjusted_p)}"
        learn = "both learn" if len(row.collapse.rates) > 1 else "it learns"
        found = format_difference(row.claim.metric, row.estimate, row.low, row.high)
        yield f"On the {counted(row.n, 'seed')} where {learn}: {found}{p}."
    yield _collapsing(row.collapse)
    item = row.collapse.all_seeds
    if item is not None and row.claim.of != "mean":
        mixed = format_difference(row.claim.metric, item.estimate, item.low, item.high)
        yield f"The mean over all {item.n} seeds, {mixed}, mixes both."


def _ahead(row: ClaimRow) -> str:
    """Say in how many seeds the left side is ahead; for other kinds of claims, above zero."""
    ties = f", equal in {row.ties}" if row.ties else ""
    above = round(row.ahead - row.ties / 2)
    below = row.compared - above - row.ties
    claim = row.claim
    if claim.of == "collapse" or row.compared < 2:
        return ""
    if claim.kind == "threshold":
        return f"Above {claim.right} in {above} of {row.compared} seeds{ties}."
    if claim.kind != "difference" or claim.metric == "gap":
        return f"Above zero in {above} of {row.compared} seeds{ties}."
    better = above if higher_is_better(claim.metric) else below
    return f"{claim.left} is ahead in {better} of {row.compared} seeds{ties}."


def _collapsing(found: Collapses) -> str:
    """Say how often each side collapsed, and whether the seeds tell the rates apart."""
    told = ", ".join(_rate(rate, first=k == 0) for k, rate in enumerate(found.rates))
    if len(found.rates) == 1 or found.rates[0].count == found.rates[1].count:
        return f"{told}."
    if found.p <= ALPHA:
        return f"{told}: these rates differ ({p_value(found.p)}, this comparison alone)."
    shares = sorted((rate.count / rate.n for rate in found.rates), reverse=True)
    pair = " against ".join(f"{100 * share:.0f} %" for share in shares)
    needed = found.seeds_to_tell
    many = "more than a thousand seeds" if needed is None else f"about {needed} seeds"
    return f"{told}: {found.rates[0].n} seeds cannot tell these rates apart; {pair} takes {many}."


def _rate(rate: CollapseRate, *, first: bool) -> str:
    limits = f"{100 * rate.low:.0f}-{100 * rate.high:.0f} %"
    if first:
        return (
            f"{rate.side} collapsed in {rate.count} of {counted(rate.n, 'seed')} (95 %: {limits})"
        )
    return f"{rate.side} in {rate.count} of {rate.n} ({limits})"
