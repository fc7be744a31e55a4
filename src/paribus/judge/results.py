"""Results of judging a study, as frozen rows, and their JSON for `results --json`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from paribus.judge.published import (
    PublishedRow,
    PublishedWord,
    published_difference,
    published_word,
)
from paribus.judge.statistics.effects import Interval
from paribus.judge.statistics.mcnemar import McNemar
from paribus.judge.verdicts import MIN_SEEDS, Verdict
from paribus.records import Claim, Look, StoredTrial

__all__ = [
    "AllSeeds",
    "ClaimRow",
    "CollapseRate",
    "Collapses",
    "EffectRow",
    "Finding",
    "MissingTrial",
    "OverviewRow",
    "Selection",
    "StudyResults",
    "VariantSummary",
]


@dataclass(frozen=True)
class VariantSummary:
    """Metrics of one variant over its seeds."""

    name: str
    levels: Mapping[str, str]
    """Factor -> level."""
    n: int
    """Number of finished trials that did not fail."""
    failed: int
    """Number of failed trials."""
    metrics: Mapping[str, Interval]
    """Metric -> mean over seeds."""


@dataclass(frozen=True)
class EffectRow:
    """The mean paired difference variant - baseline where both learn, with its 95 % interval; exploratory."""

    variant: str
    baseline: str
    metric: str
    estimate: float
    low: float
    high: float
    n: int
    """Number of seeds in which both learn."""
    q: float
    """p value adjusted by Benjamini-Hochberg over the variants, for this metric."""
    seeds: int
    """Number of seeds in which the trials of both have ended; above ``n`` if networks collapsed."""
    collapsed: int
    """Number of these seeds in which the variant collapsed."""
    baseline_collapsed: int
    """Number of these seeds in which the baseline collapsed."""


@dataclass(frozen=True)
class OverviewRow:
    """A main effect or a two-way interaction; exploratory."""

    kind: str
    """``main effect`` or ``interaction``."""
    what: str
    """The contrast in words, for example ``width: 64 - 32``."""
    metric: str
    estimate: float
    low: float
    high: float
    n: int
    q: float
    """p value adjusted by Benjamini-Hochberg over all rows of the overview."""


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


@dataclass(frozen=True)
class Selection:
    """The variant with the best validation metric, and its test metrics."""

    variant: str
    by: str
    """Metric by which the variant was selected."""
    interval: Interval
    """Mean of that metric over seeds."""
    runner_up: str | None
    """Variant with the second best mean."""
    refit: str
    """``none`` or ``train+validation``: data on which the variant was trained again before the test."""
    test: Mapping[str, Interval]
    """Test metric -> mean over seeds; empty until the test set is opened."""


@dataclass(frozen=True)
class Finding:
    """A problem reported by a check."""

    check: str
    """Name of the check."""
    severity: Literal["error", "warning", "note"]
    where: str
    """Subject of the finding in words, for example variant names or ``all variants``."""
    evidence: str
    advice: str
    variants: tuple[str, ...] = ()
    """Names of the affected variants; empty if all are affected, or if it is not about variants."""


@dataclass(frozen=True)
class MissingTrial:
    """A trial that the study needs and that has not ended."""

    variant: str
    seed: int
    reason: str | None
    """Why the last attempt was lost (for example a killed worker); None if there was none."""


@dataclass(frozen=True)
class StudyResults:
    """All results of a study."""

    study: str
    """Name of the study."""
    complete: bool
    """Whether all required trials are finished and the test set was opened as the study asks."""
    trials: tuple[StoredTrial, ...]
    variants: tuple[VariantSummary, ...]
    effects: tuple[EffectRow, ...]
    claims: tuple[ClaimRow, ...]
    selected: Selection | None
    findings: tuple[Finding, ...]
    looks: tuple[Look, ...]
    overview: tuple[OverviewRow, ...] = ()
    published: tuple[PublishedRow, ...] = ()
    missing: tuple[MissingTrial, ...] = ()
    """Required trials that have not ended. While there are any, no variant is selected."""

    def to_json(self) -> dict[str, Any]:
        """Return the results as JSON-able values; NaN and infinity become null."""
        plain = {
            "study": self.study,
            "complete": self.complete,
            "trials": [_trial(trial) for trial in self.trials],
            "variants": [_variant(row) for row in self.variants],
            "effects": [dict(vars(row)) for row in self.effects],
            "claims": [_claim(row) for row in self.claims],
            "overview": [dict(vars(row)) for row in self.overview],
            "published": [dict(vars(row)) for row in self.published],
            "selected": None if self.selected is None else _selection(self.selected),
            "findings": [dict(vars(row)) for row in self.findings],
            "missing": [dict(vars(row)) for row in self.missing],
        }
        return _without_nan(plain)  # type: ignore[no-any-return]


def _trial(trial: StoredTrial) -> dict[str, Any]:
    return {
        "variant": trial.variant,
        "levels": dict(trial.levels),
        "seed": trial.seed,
        "fit_on": trial.fit_on,
        "status": trial.status,
        "reason": trial.reason,
        "epochs": trial.epochs,
        "seconds": trial.wall_seconds,
        "metrics": dict(trial.metrics),
    }


def _variant(row: VariantSummary) -> dict[str, Any]:
    return {
        "name": row.name,
        "levels": dict(row.levels),
        "n": row.n,
        "failed": row.failed,
        "metrics": {name: _interval(item) for name, item in row.metrics.items()},
    }


def _interval(item: Interval) -> dict[str, float]:
    return {"mean": item.mean, "low": item.low, "high": item.high, "std": item.std}


def _claim(row: ClaimRow) -> dict[str, Any]:
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


def _selection(item: Selection) -> dict[str, Any]:
    return {
        "variant": item.variant,
        "by": item.by,
        **_interval(item.interval),
        "n": item.interval.n,
        "runner_up": item.runner_up,
        "refit": item.refit,
        "test": {name: {**_interval(row), "n": row.n} for name, row in item.test.items()},
    }


def _without_nan(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    return [_without_nan(item) for item in value] if isinstance(value, list | tuple) else value
