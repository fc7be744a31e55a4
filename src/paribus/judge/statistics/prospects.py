"""Power analysis before a run: which claims the planned seeds cannot decide, and what they can detect."""

from __future__ import annotations

import math
from collections.abc import Iterator

from scipy.special import nctdtrinc, stdtrit

from paribus.judge.statistics.contrasts import contrasts_of
from paribus.judge.statistics.samples import POWER, seeds_for_direction, seeds_for_equality
from paribus.judge.verdicts import ALPHA, MIN_SEEDS
from paribus.records import Claim, Plan
from paribus.wording import counted

__all__ = ["ASSUMPTION", "TYPICAL_SPREAD", "claim_prospects", "detectable_difference"]

TYPICAL_SPREAD = 0.01
"""Standard deviation over seeds of a paired difference in accuracy: one point, which is about the
median of the labs' networks (docs/statistics.md, `make spread`)."""
ASSUMPTION = (
    f"Seeds are forecast for differences that spread by {100 * TYPICAL_SPREAD:g} points over seeds, "
    "to be found four times out of five."
)


def claim_prospects(plan: Plan, spread: float = TYPICAL_SPREAD) -> dict[str, str]:
    """Describe for every claim what the planned seeds can decide or detect.

    Args:
        plan: the study, before it is run.
        spread: assumed standard deviation of a contrast over seeds, in the metric's unit.

    Returns:
        Claim id -> one sentence. It begins with "cannot" where no result could decide the claim.
    """
    return {claim.id: " ".join(_sentences(claim, plan, spread)) for claim in plan.claims}


def _sentences(claim: Claim, plan: Plan, spread: float) -> Iterator[str]:
    n, count = len(plan.seeds), max(1, len(plan.claims))
    if not contrasts_of(claim, plan):
        yield "cannot be judged: its variants are not part of this run."
        return
    if claim.metric.startswith("test_") and plan.select.test != "all":
        yield "cannot be judged: the test set is not opened for every variant (select: {test: all})."
        return
    if n < MIN_SEEDS:
        yield f"cannot be decided: {counted(n, 'seed')} {'is' if n == 1 else 'are'} fewer than {MIN_SEEDS}."
        return
    if not claim.metric.endswith("accuracy"):
        return
    alpha = ALPHA / count
    if claim.operator == "=":
        needed = seeds_for_equality(0.0, claim.margin / spread, alpha) if claim.margin else None
        many = "no number of seeds shows" if needed is None else f"{needed} seeds show"
        yield f"{many} that two equal sides are equal within {claim.margin:g}."
        return
    smallest = detectable_difference(n, alpha) * spread
    needed = seeds_for_direction(claim.margin / spread, alpha)
    yield f"{n} seeds find a difference of {smallest:.2g};"
    yield f"the margin, {claim.margin:g}, needs {needed or 'over a thousand'}."


def detectable_difference(n: int, alpha: float, power: float = POWER) -> float:
    """Return the mean difference, in standard deviations, that a two-sided paired t test detects.

    Args:
        n: number of seeds.
        alpha: significance level.
        power: probability of detecting the difference.

    Oracle: ``statsmodels.stats.power.TTestPower.solve_power``.
    """
    critical = float(stdtrit(n - 1, 1 - alpha / 2))
    return float(nctdtrinc(n - 1, 1 - power, critical)) / math.sqrt(n)
