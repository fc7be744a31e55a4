"""Means of a contrast over seeds: the estimands ``learned`` and ``mean``.

Both are judged by the paired t test; they differ in the seeds that enter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from paribus.judge.estimands.seeds import ClaimSeeds
from paribus.judge.statistics.mcnemar import McNemar
from paribus.judge.statistics.samples import Sample
from paribus.judge.verdicts import ALPHA, MIN_SEEDS, Verdict, judge_difference, seeds_needed

__all__ = ["MeanOfContrast"]

_DIFFER = ("supported", "supported but negligible", "refuted")


@dataclass(frozen=True)
class MeanOfContrast:
    """The mean of a contrast over seeds."""

    seeds: ClaimSeeds
    sample: Sample
    """Values of the contrast; of several, those of the pair with the largest absolute mean."""
    p: float
    """p value of the claim's test, not adjusted for other claims."""
    pairs: tuple[Sample, ...] = ()
    """For interactions and trends over several levels: the contrast of every pair of levels. All of
    them must lie within the margin before anything is called negligible or equal."""
    steps: tuple[Sample, ...] = ()
    """For a trend: each level minus the next lower one."""
    networks: McNemar | None = None

    @property
    def n(self) -> int:
        """Number of seeds that enter the estimate."""
        return self.sample.n

    @property
    def estimate(self) -> float:
        """Mean of the contrast over the seeds."""
        return self.sample.mean

    @property
    def image_error(self) -> float | None:
        """Standard error that is due to the images, where they count as a sample."""
        return None if self.sample.spread is None else self.sample.spread.floor

    @cached_property
    def p_flip(self) -> float:
        """P value of the sign-flip test of "the mean is zero".

        NaN for equalities, whose hypothesis is another one, for interactions of several contrasts,
        where the images count as a sample, and with fewer than five seeds.
        """
        other = self.seeds.claim.operator == "=" or len(self.seeds.contrasts) > 1
        if other or self.n < MIN_SEEDS or self.sample.spread is not None:
            return math.nan
        return self.sample.p_flip()

    def interval(self, level: float) -> tuple[float, float]:
        """Return the t interval; for one of several pairs, adjusted for their number."""
        count = len(self.pairs) if len(self.seeds.contrasts) > 1 else 1
        return self.sample.interval(1 - (1 - level) / count)

    def decide(self, adjusted_p: float, num_claims: int, level: float) -> Verdict:
        """Return the verdict; see `Measured.decide`."""
        claim = self.seeds.claim
        verdict = judge_difference(
            self.sample,
            claim.operator,
            claim.margin,
            adjusted_p=adjusted_p,
            num_claims=num_claims,
            level=level,
            pairs=self.pairs,
        )
        if verdict.startswith("supported") and self.step_against(num_claims, level):
            return "refuted"
        return verdict

    def step_against(self, num_claims: int, level: float) -> bool:
        """Return whether a step of a trend is significantly in the other direction."""
        strict = level / (num_claims * max(1, len(self.steps)))
        rises = self.seeds.claim.operator == ">"
        return any(
            step.n >= MIN_SEEDS
            and (step.mean < 0 if rises else step.mean > 0)
            and step.p_differs() <= strict
            for step in self.steps
        )

    def seeds_needed(self, num_claims: int) -> int | None:
        """Forecast how many seeds in total would decide the claim; None if a thousand are too few."""
        claim = self.seeds.claim
        needed = seeds_needed(self.sample, claim.operator, claim.margin, num_claims)
        if needed is None or not self.n:
            return None
        return math.ceil(needed * len(self.seeds.ended) / self.n)  # some seeds will collapse again

    def is_fragile(self, verdict: Verdict, num_claims: int) -> bool:
        """Return whether the t test and the sign-flip test disagree about a difference.

        A decided claim is fragile if only the t test rejects at `ALPHA`; an open one if only the
        sign-flip test rejects at `ALPHA` divided by the number of claims.
        """
        flip = self.p_flip
        if math.isnan(flip) or self.sample.smallest_p_flip > ALPHA:
            return False
        if verdict in _DIFFER:
            return flip > ALPHA and self.sample.p_differs() <= ALPHA
        strict = ALPHA / num_claims
        still_open = verdict in ("undecided", "cannot be decided by seeds")
        return still_open and flip <= strict and self.sample.p_differs() > strict
