"""What judging a study gives: frozen rows, and the JSON of `results --json`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from paribus.judge.effects import Interval
from paribus.judge.mcnemar import McNemar
from paribus.judge.published import PublishedRow, published_difference
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
    """One variant over its seeds."""

    name: str
    levels: Mapping[str, str]
    n: int
    """Trials that ended well."""
    failed: int
    metrics: Mapping[str, Interval]


@dataclass(frozen=True)
class EffectRow:
    """A paired difference from the baseline, variant - baseline."""

    variant: str
    baseline: str
    metric: str
    estimate: float
    low: float
    high: float
    n: int
    verdict: Verdict
    """Of "the variant is better than the baseline", with the default margin; exploratory."""
    q: float
    """False discovery rate (Benjamini-Hochberg) over the variants, for this metric."""


@dataclass(frozen=True)
class OverviewRow:
    """A main effect or an interaction; exploratory."""

    kind: str
    what: str
    metric: str
    estimate: float
    low: float
    high: float
    n: int
    q: float
    """False discovery rate over the overview."""


@dataclass(frozen=True)
class ClaimRow:
    """A claim and its verdict; estimate is the contrast, left - right."""

    claim: Claim
    verdict: Verdict
    estimate: float
    low: float
    high: float
    n: int
    reason: str
    """Why, in one sentence."""
    p: float = math.nan
    """Of the claim's own test."""
    adjusted_p: float = math.nan
    """Holm's, over all claims of the study."""
    p_flip: float = math.nan
    """Of the sign-flip test, the twin that assumes no normal distribution."""
    fragile: bool = False
    """The twin disagrees: it does not confirm what was decided, or finds what was left open."""
    more_seeds: int | None = None
    """Undecided: how many more would probably decide it."""
    exploratory: bool = False
    """Declared or changed after the first result."""
    look: int | None = None
    """Judged early, at this planned look; the interval is that look's, wider than 95 %."""
    not_monotone: bool = False
    """A trend, one of whose steps goes the other way for sure."""
    networks: McNemar | None = None
    """With one seed: these two networks, image by image."""
    image_error: float | None = None
    """Of a claim about the source of the data: the error that no number of seeds removes."""
    level: float = 0.95
    """Of the interval."""
    ahead: float = math.nan
    """Seeds in which the contrast is above zero; a tie counts one half. A description, not a test."""
    ties: int = 0
    """Seeds in which it is exactly zero."""

    @property
    def published_difference(self) -> float | None:
        """The published value of the contrast."""
        return published_difference(self.claim)


@dataclass(frozen=True)
class Selection:
    """The variant that won on validation, and what was done with it."""

    variant: str
    by: str
    interval: Interval
    runner_up: str | None
    refit: str
    test: Mapping[str, Interval]
    """Test metrics over seeds, once the test set was opened."""


@dataclass(frozen=True)
class Finding:
    """What a check noticed."""

    check: str
    severity: Literal["error", "warning", "note"]
    where: str
    """What it is about, in words."""
    evidence: str
    advice: str
    variants: tuple[str, ...] = ()
    """Names of the variants that it is about; empty if it is about all, or about something else."""


@dataclass(frozen=True)
class MissingTrial:
    """A trial that the study needs and that has not ended."""

    variant: str
    seed: int
    reason: str | None
    """Why, if a worker was lost over it."""


@dataclass(frozen=True)
class StudyResults:
    """Everything that is said about a study."""

    study: str
    complete: bool
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
    """While there are any, nothing is selected."""

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON; a number that does not exist is null."""
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
