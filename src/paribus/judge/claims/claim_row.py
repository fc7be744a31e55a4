"""The row of a claim: what was measured, the verdict, and what the seeds show."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from paribus.judge.published import PublishedWord, published_difference, published_word
from paribus.judge.statistics.mcnemar import McNemar
from paribus.judge.verdicts import MIN_SEEDS, Verdict
from paribus.records import Claim

__all__ = ["AllSeeds", "ClaimRow", "CollapseRate", "Collapses", "claim_json"]


@dataclass(frozen=True)
class CollapseRate:
    """How often the networks on one side of a claim collapsed."""

    side: str
    """Level or variant, as the claim calls it."""
    count: int
    """Number of seeds in which any of the side's networks collapsed."""
    n: int
    low: float
    high: float
    """``low`` to ``high``: 95 % Wilson interval of the rate."""


@dataclass(frozen=True)
class AllSeeds:
    """The mean of a claim's contrast over all seeds, where networks that collapsed change it."""

    estimate: float
    low: float
    high: float
    """``low`` to ``high``: its 95 % t interval."""
    n: int


@dataclass(frozen=True)
class Collapses:
    """How often the networks of a claim collapsed, and what the mean over all seeds makes of it."""

    rates: tuple[CollapseRate, ...]
    """One rate per side, left first; a threshold has one side."""
    p: float = math.nan
    """p value of the exact test of equal rates, not adjusted; NaN for one side."""
    seeds_to_tell: int | None = None
    """Number of seeds that would tell the rates apart four times out of five, if they are as observed;
    None if they are equal or already told apart, or if a thousand are too few."""
    all_seeds: AllSeeds | None = None
    """Mean over all seeds, if all of them have the metric."""


@dataclass(frozen=True)
class ClaimRow:
    """A claim and its verdict."""

    claim: Claim
    verdict: Verdict
    """One word of a fixed vocabulary; `word` is the verdict with its qualification."""
    estimate: float
    """The estimate of what the claim asks (``claim.of``): the mean of its contrast over seeds, for a
    difference left - right; for ``wins`` and ``collapse`` the share of seeds above zero minus the
    share below."""
    low: float
    high: float
    """``low`` to ``high``: the interval that the verdict stands on, see ``level``. It is simultaneous
    over the claims of the study, and cut where the verdict excludes values."""
    n: int
    """Number of seeds that enter the estimate."""
    reason: str
    """Reason for the verdict, in one sentence."""
    qualification: str = ""
    """What the verdict is limited to, for example ``where both learn``; empty if to nothing."""
    seeds: int = 0
    """Number of seeds in which all trials of the claim have ended."""
    planned: int = 0
    """Number of planned seeds, up to the look at which the claim is judged."""
    p: float = math.nan
    """p value of the claim's test, not adjusted."""
    adjusted_p: float = math.nan
    """p value adjusted for all claims of the study: by Holm's method, at looks by Bonferroni's."""
    num_claims: int = 1
    """Number of claims for which the p value is adjusted."""
    p_flip: float = math.nan
    """p value of the sign-flip test, which does not assume a normal distribution; not adjusted. NaN
    where it would test another hypothesis than the claim's."""
    fragile: bool = False
    """Whether the sign-flip test disagrees: it does not confirm a decided claim, or decides an open
    one."""
    uneven: bool = False
    """Whether a few seeds are far from the others, as those of networks that fail in part."""
    seeds_needed: int | None = None
    """Number of seeds in total that would decide the claim four times out of five, if the difference
    and the spread are as estimated; None unless the claim is undecided, or if a thousand are too few."""
    exploratory: bool = False
    """Whether the claim's verdict is exploratory, see ``why_exploratory``."""
    why_exploratory: str = ""
    """``declared after the first result`` or ``its seeds were changed after a verdict was seen``."""
    look: int | None = None
    """Number, from 1, of the planned look at which the claim was judged; None at the last look, and
    without planned looks."""
    looks: bool = False
    """Whether the study has planned looks."""
    not_monotone: bool = False
    """For a trend: whether a step between neighbouring levels is significantly in the other direction."""
    networks: McNemar | None = None
    """With one seed: McNemar's test of the two networks."""
    image_error: float | None = None
    """With the scope "data-source": standard error due to the images, which more seeds do not reduce."""
    level: float = 0.95
    """Confidence level of the interval: 0.95 for one claim, 1 - 0.05 / claims for several, and higher
    at a planned look."""
    plain_low: float = math.nan
    plain_high: float = math.nan
    """``plain_low`` to ``plain_high``: 95 % interval of this claim alone."""
    single_low: float = math.nan
    single_high: float = math.nan
    """``single_low`` to ``single_high``: 95 % prediction interval of the contrast in one further seed,
    with which a published value is compared, since it is of one run."""
    ahead: float = math.nan
    """Number of seeds with a contrast above zero, a tie counting one half; a side that collapsed alone
    is behind. Descriptive, not a test."""
    ties: int = 0
    """Number of seeds with a contrast of exactly zero, or in which both sides collapsed."""
    compared: int = 0
    """Number of seeds among which ``ahead`` and ``ties`` are counted."""
    collapse: Collapses | None = None
    """How often the networks of each side collapsed; None if none did, unless the claim asks for it."""

    @property
    def word(self) -> str:
        """The verdict with its qualification, for example ``supported where both learn``."""
        return f"{self.verdict} {self.qualification}".strip()

    @property
    def is_judged(self) -> bool:
        """Whether enough seeds were judged for a verdict about the claim."""
        unjudged = ("not judged yet", "not assessable")
        return self.verdict not in unjudged and self.n >= MIN_SEEDS

    @property
    def more_seeds(self) -> int | None:
        """Number of further seeds that would probably decide the claim; None unless undecided."""
        return None if self.seeds_needed is None else max(1, self.seeds_needed - self.seeds)

    @property
    def published_difference(self) -> float | None:
        """Published value of the contrast; None if the claim has none."""
        return published_difference(self.claim)

    @property
    def published_word(self) -> PublishedWord | None:
        """Whether the published difference could be one more run; None if the claim has none."""
        value = self.published_difference
        if value is None:
            return None
        return published_word(self.claim.metric, value, self.single_low, self.single_high, self.n)


def claim_json(row: ClaimRow) -> dict[str, Any]:
    """Return a claim as a JSON-able mapping; numbers may be NaN."""
    return {
        "id": row.claim.id,
        "says": row.claim.says,
        "within": dict(row.claim.within),
        "margin": row.claim.margin,
        "of": row.claim.of,
        "verdict": row.word,
        "decision": row.verdict,
        "estimate": row.estimate,
        "low": row.low,
        "high": row.high,
        "plain_low": row.plain_low,
        "plain_high": row.plain_high,
        "n": row.n,
        "seeds": row.seeds,
        "planned": row.planned,
        "reason": row.reason,
        "published": row.claim.published,
        "p": row.p,
        "adjusted_p": row.adjusted_p,
        "p_flip": row.p_flip,
        "fragile": row.fragile,
        "uneven": row.uneven,
        "more_seeds": row.more_seeds,
        "seeds_needed": row.seeds_needed,
        "exploratory": row.exploratory,
        "why_exploratory": row.why_exploratory,
        "look": row.look,
        "level": row.level,
        "ahead": row.ahead,
        "ties": row.ties,
        "collapse": None if row.collapse is None else asdict(row.collapse),
        "scope": row.claim.scope,
        "image_error": row.image_error,
        "networks": None if row.networks is None else dict(vars(row.networks)),
        "published_difference": row.published_difference,
        "published_word": row.published_word,
    }
