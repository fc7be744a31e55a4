"""Results of judging a study, as frozen rows, and their JSON for `results --json`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from paribus.judge.published import PublishedRow, published_difference
from paribus.judge.statistics.effects import Interval
from paribus.judge.statistics.mcnemar import McNemar
from paribus.judge.verdicts import Verdict
from paribus.records import Claim, Look, StoredTrial

__all__ = [
    "ClaimRow",
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
    """The mean paired difference variant - baseline over seeds, with its 95 % interval."""

    variant: str
    baseline: str
    metric: str
    estimate: float
    low: float
    high: float
    n: int
    verdict: Verdict
    """Verdict of "the variant is better than the baseline", with `EXPLORATORY_MARGIN`; exploratory."""
    q: float
    """p value adjusted by Benjamini-Hochberg over the variants, for this metric."""


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
class ClaimRow:
    """A claim and its verdict."""

    claim: Claim
    verdict: Verdict
    estimate: float
    """Mean of the claim's contrast over seeds; for a difference, left - right."""
    low: float
    high: float
    """``low`` to ``high``: confidence interval of the estimate, see ``level``."""
    n: int
    """Number of seeds."""
    reason: str
    """Reason for the verdict, in one sentence."""
    p: float = math.nan
    """p value of the claim's test, not adjusted."""
    adjusted_p: float = math.nan
    """p value adjusted by Holm's method over all claims of the study."""
    p_flip: float = math.nan
    """p value of the sign-flip test, which does not assume a normal distribution; not adjusted."""
    fragile: bool = False
    """Whether the sign-flip test disagrees: it does not confirm a decided claim, or decides an open
    one."""
    more_seeds: int | None = None
    """Number of further seeds that would probably decide the claim; None unless it is undecided."""
    exploratory: bool = False
    """Whether the claim was declared or changed after the first result."""
    look: int | None = None
    """Number, from 1, of the planned look at which the claim was judged; None at the last look, and
    without planned looks."""
    not_monotone: bool = False
    """For a trend: whether a step between neighbouring levels is significantly in the other direction."""
    networks: McNemar | None = None
    """With one seed: McNemar's test of the two networks."""
    image_error: float | None = None
    """With the scope "data-source": standard error due to the images, which more seeds do not reduce."""
    level: float = 0.95
    """Confidence level of the interval; above 0.95 at a planned look."""
    ahead: float = math.nan
    """Number of seeds with a contrast above zero, a tie counting one half. Descriptive, not a test."""
    ties: int = 0
    """Number of seeds with a contrast of exactly zero."""

    @property
    def published_difference(self) -> float | None:
        """Published value of the contrast; None if the claim has none."""
        return published_difference(self.claim)


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
        "verdict": row.verdict,
        "estimate": row.estimate,
        "low": row.low,
        "high": row.high,
        "n": row.n,
        "reason": row.reason,
        "published": row.claim.published,
        "p": row.p,
        "adjusted_p": row.adjusted_p,
        "p_flip": row.p_flip,
        "fragile": row.fragile,
        "more_seeds": row.more_seeds,
        "exploratory": row.exploratory,
        "look": row.look,
        "level": row.level,
        "ahead": row.ahead,
        "ties": row.ties,
        "scope": row.claim.scope,
        "image_error": row.image_error,
        "networks": None if row.networks is None else dict(vars(row.networks)),
        "published_difference": row.published_difference,
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
    return [_without_nan(item) for item in value] if isinstance(value, list) else value
