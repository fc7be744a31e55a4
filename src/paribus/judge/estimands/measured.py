"""Protocol of measured claims: an estimate over seeds with its test, interval and decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from paribus.judge.estimands.seeds import ClaimSeeds
from paribus.judge.statistics.mcnemar import McNemar
from paribus.judge.verdicts import Verdict

__all__ = ["Measured", "Unjudged"]


@dataclass(frozen=True)
class Unjudged:
    """A claim that cannot be judged, with the reason."""

    verdict: Verdict
    reason: str


class Measured(Protocol):
    """An estimate over the seeds of a claim."""

    @property
    def seeds(self) -> ClaimSeeds:
        """Seeds of the claim, with values and collapses."""

    @property
    def n(self) -> int:
        """Number of seeds that enter the estimate."""

    @property
    def estimate(self) -> float:
        """The estimate: for a difference, left - right."""

    @property
    def p(self) -> float:
        """P value of the claim's test, not adjusted for other claims."""

    @property
    def networks(self) -> McNemar | None:
        """With one seed: McNemar's test of the two networks, if both have stored predictions."""

    @property
    def image_error(self) -> float | None:
        """Standard error that is due to the images, where they count as a sample."""

    @property
    def p_flip(self) -> float:
        """P value of the sign-flip test of the same hypothesis; NaN where there is none."""

    def interval(self, level: float) -> tuple[float, float]:
        """Return the confidence interval of the estimate."""

    def decide(self, adjusted_p: float, num_claims: int, level: float) -> Verdict:
        """Return the verdict.

        Args:
            adjusted_p: `p`, adjusted for the other claims of the study.
            num_claims: number of claims in the family; levels of further tests are divided by it.
            level: significance level of the family; smaller at a planned look.
        """

    def step_against(self, num_claims: int, level: float) -> bool:
        """Return whether a step of a trend is significantly in the other direction."""

    def seeds_needed(self, num_claims: int) -> int | None:
        """Forecast how many seeds in total would decide the claim; None if a thousand are too few."""

    def is_fragile(self, verdict: Verdict, num_claims: int) -> bool:
        """Return whether the sign-flip test contradicts the verdict."""
