"""Looks at verdicts, which runs store to detect seeds that were chosen after a verdict was seen."""

from __future__ import annotations

from collections.abc import Sequence

from paribus.api.run.manifest import VerdictLook
from paribus.judge.claims.claim_row import ClaimRow
from paribus.records import Plan
from paribus.wording import counted

__all__ = ["is_extended", "verdict_look", "warning_of_extension"]


def verdict_look(
    plan: Plan, claims: Sequence[ClaimRow], known: Sequence[VerdictLook], at: str
) -> VerdictLook | None:
    """Return the look of a run that has given a new verdict; None if all of its verdicts are known.

    Args:
        plan: plan of the run.
        claims: its claims, as judged now.
        known: earlier looks.
        at: time of the look, UTC.
    """
    seen = [row for row in claims if row.seeds and row.verdict != "not judged yet"]
    if not seen or not any(row.is_judged for row in seen):
        return None
    count = max(row.planned for row in seen)
    look = VerdictLook(at, plan.seeds[:count], plan.looks, {row.claim.id: row.word for row in seen})
    same = [(item.seeds, item.looks, item.verdicts) for item in known]
    return None if (look.seeds, look.looks, look.verdicts) in same else look


def is_extended(plan: Plan, looks: Sequence[VerdictLook]) -> bool:
    """Return whether the plan has other seeds than those of a look, apart from planned looks."""
    return bool(_others(plan, looks))


def warning_of_extension(plan: Plan, looks: Sequence[VerdictLook]) -> str | None:
    """Return a warning if a run changes the seeds of a study that was judged; else None."""
    others = _others(plan, looks)
    if not others:
        return None
    first = others[0]
    return (
        f"This study was judged with {counted(len(first.seeds), 'seed')} on {first.at[:10]}. With other "
        "seeds its claims are exploratory, since seeds that are added in sight of a verdict make wrong "
        "verdicts more frequent. To decide them, plan looks before the first run (seeds: {until: decided, "
        f"looks: [5, 10, {max(20, len(plan.seeds))}]}}), or repeat the study on new seeds in a folder of its "
        "own (seeds: [100, 101, ...] and --out)."
    )


def _others(plan: Plan, looks: Sequence[VerdictLook]) -> list[VerdictLook]:
    return [
        look
        for look in looks
        if look.seeds != plan.seeds and not (plan.looks and look.looks == plan.looks)
    ]
