"""Numbers of seeds: the estimands ``wins`` and ``collapse``, judged by the exact sign test."""

from __future__ import annotations

import math
from dataclasses import dataclass

from paribus.judge.estimands.seeds import ClaimSeeds
from paribus.judge.statistics.mcnemar import McNemar
from paribus.judge.statistics.sign_test import Signs, seeds_to_tell
from paribus.judge.verdicts import ALPHA, MIN_SEEDS, REASONABLE_SEEDS, Verdict

__all__ = ["SignOfContrast"]


@dataclass(frozen=True)
class SignOfContrast:
    """Numbers of seeds in which a contrast is above and below zero, with the exact sign test."""

    seeds: ClaimSeeds
    signs: Signs
    networks: McNemar | None = None

    @property
    def n(self) -> int:
        """Number of seeds, ties included."""
        return self.signs.n

    @property
    def estimate(self) -> float:
        """Share of seeds above zero minus share below zero, from -1 to 1."""
        return self.signs.balance

    @property
    def p(self) -> float:
        """P value of the exact sign test; for one pair of variants and collapse, McNemar's."""
        return self.signs.p()

    @property
    def image_error(self) -> None:
        """None: the images do not count as a sample."""

    @property
    def p_flip(self) -> float:
        """NaN: the sign test assumes no distribution, so there is no second test."""
        return math.nan

    def interval(self, level: float) -> tuple[float, float]:
        """Return the exact interval of the estimate, given the number of seeds that differ."""
        return self.signs.interval(level)

    def decide(self, adjusted_p: float, num_claims: int, level: float) -> Verdict:  # noqa: ARG002 - the protocol's
        """Return the verdict; see `Measured.decide`."""
        if self.n < MIN_SEEDS:
            return "undecided"
        if adjusted_p <= ALPHA:
            claimed = self.signs.plus > self.signs.minus
            return "supported" if claimed == (self.seeds.claim.operator == ">") else "refuted"
        needed = self.seeds_needed(num_claims)
        if needed is None or needed > REASONABLE_SEEDS:
            return "cannot be decided by seeds"
        return "undecided"

    def step_against(self, num_claims: int, level: float) -> bool:  # noqa: ARG002 - the protocol's
        """Return False: trends have no steps in this estimand."""
        return False

    def seeds_needed(self, num_claims: int) -> int | None:
        """Forecast how many seeds in total would decide the claim; None if a thousand are too few."""
        found = self.signs
        if not found.n:
            return None
        needed = seeds_to_tell(found.plus / found.n, found.minus / found.n, ALPHA / num_claims)
        return None if needed is None else max(MIN_SEEDS, needed)

    def is_fragile(self, verdict: Verdict, num_claims: int) -> bool:  # noqa: ARG002 - the protocol's
        """Return False: there is no second test."""
        return False
