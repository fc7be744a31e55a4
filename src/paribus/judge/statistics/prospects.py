"""Power analysis before a run: which claims the planned seeds cannot decide, and what they can detect."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from scipy.special import nctdtrinc, ndtri, stdtrit

from paribus.judge.statistics.contrasts import contrasts_of
from paribus.judge.statistics.samples import POWER, seeds_for_direction, seeds_for_equality
from paribus.judge.statistics.sign_test import Signs, seeds_to_tell
from paribus.judge.verdicts import ALPHA, MIN_SEEDS
from paribus.records import Claim, Plan
from paribus.wording import counted

__all__ = ["ASSUMPTION", "TYPICAL_SPREAD", "claim_prospects", "detectable_difference"]

TYPICAL_SPREAD = 0.01
"""Standard deviation over seeds of a paired difference in accuracy: one point, which is about the
median of the labs' networks (docs/statistics.md, `make spread`)."""
DISAGREEMENT = 0.1
"""Assumed share of images that exactly one of two networks classifies correctly; the sentence states it."""
ASSUMPTION = (
    f"Seeds are forecast for differences that spread by {100 * TYPICAL_SPREAD:g} points over seeds, "
    "to be found four times out of five."
)


def claim_prospects(
    plan: Plan, spread: float = TYPICAL_SPREAD, images: Mapping[str, int] | None = None
) -> dict[str, str]:
    """Describe for every claim what the planned seeds can decide or detect.

    Args:
        plan: the study, before it is run.
        spread: assumed standard deviation of a contrast over seeds, in the metric's unit.
        images: split -> number of images, for claims with the scope "data-source".

    Returns:
        Claim id -> one sentence. It begins with "cannot" where no result could decide the claim.
    """
    known = images or {}
    return {claim.id: " ".join(_sentences(claim, plan, spread, known)) for claim in plan.claims}


def _sentences(claim: Claim, plan: Plan, spread: float, images: Mapping[str, int]) -> Iterator[str]:
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
    alpha = ALPHA / count
    if claim.of in ("wins", "collapse"):
        yield from _of_counts(claim, n, alpha)
        return
    if not claim.metric.endswith("accuracy"):
        return
    if claim.scope == "data-source":
        yield from _of_the_source(claim, n, alpha, spread, images)
        return
    if claim.operator == "=":
        needed = seeds_for_equality(0.0, claim.margin / spread, alpha) if claim.margin else None
        many = "no number of seeds shows" if needed is None else f"{needed} seeds show"
        yield f"{many} that two equal sides are equal within {claim.margin:g}."
        return
    smallest = detectable_difference(n, alpha) * spread
    needed = seeds_for_direction(claim.margin / spread, alpha)
    yield f"{n} seeds find a difference of {smallest:.2g};"
    yield f"the margin, {claim.margin:g}, needs {needed or 'over a thousand'}."


def _of_counts(claim: Claim, n: int, alpha: float) -> Iterator[str]:
    """Yield sentences about the seeds that the exact sign test needs."""
    fewest = 1 + math.ceil(math.log2(1 / alpha))
    if n < fewest:
        yield (
            f"cannot be decided: even {n} seeds of {n} on one side happen by chance too often; "
            f"{fewest} seeds are the fewest."
        )
    elif claim.of == "wins":
        ahead = next(k for k in range(n // 2, n + 1) if Signs(k, n - k).p() <= alpha)
        yield f"{n} seeds show that a side is ahead in most seeds if it is in {ahead} of them or more."
    else:
        needed = seeds_to_tell(0.3, 0.0, alpha)
        yield (
            f"{fewest} seeds in which only one side collapses are the fewest that show it; to tell 30 % "
            f"from 0 % takes {needed} seeds."
        )


def _of_the_source(
    claim: Claim, n: int, alpha: float, spread: float, images: Mapping[str, int]
) -> Iterator[str]:
    """Yield sentences about differences that seeds and images detect, and that no number of seeds detects."""
    count = images.get("test" if claim.metric.startswith("test_") else "validation", 0)
    if not count:
        yield "The images count as a sample, too: more seeds alone do not make it more certain."
        return
    floor = math.sqrt(DISAGREEMENT / count)
    quantiles = float(ndtri(1 - alpha / 2) + ndtri(POWER))
    found, least = quantiles * math.hypot(floor, spread / math.sqrt(n)), quantiles * floor
    yield (
        f"{n} seeds on {count:,} images find a difference of {found:.2g}, if the two sides disagree on one "
        f"image in ten; below {least:.2g} only more images help, not more seeds."
    )


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
