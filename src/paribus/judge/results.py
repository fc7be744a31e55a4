"""Results of judging a study, as frozen rows, and their JSON for `results --json`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from paribus.judge.claims.claim_row import ClaimRow, claim_json
from paribus.judge.published import PublishedRow
from paribus.judge.statistics.effects import Interval
from paribus.judge.verdicts import Verdict
from paribus.records import Look, StoredTrial

__all__ = [
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
    """p value adjusted by Benjamini-Hochberg over the variants, for this metric; NaN where no family is adjusted."""
    seeds: int
    """Number of seeds in which the trials of both have ended; above ``n`` if networks collapsed."""
    collapsed: int
    """Number of these seeds in which the variant collapsed."""
    baseline_collapsed: int
    """Number of these seeds in which the baseline collapsed."""
    verdict: Verdict | None = None
    """Verdict on "better than the baseline", exploratory; None where no family is adjusted."""


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
    leads: tuple[EffectRow, ...] = ()
    """The selected variant minus the baseline, and minus the runner-up, on ``by``."""


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
            "claims": [claim_json(row) for row in self.claims],
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


def _selection(item: Selection) -> dict[str, Any]:
    return {
        "variant": item.variant,
        "by": item.by,
        **_interval(item.interval),
        "n": item.interval.n,
        "runner_up": item.runner_up,
        "refit": item.refit,
        "test": {name: {**_interval(row), "n": row.n} for name, row in item.test.items()},
        "leads": [dict(vars(row)) for row in item.leads],
    }


def _without_nan(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    return [_without_nan(item) for item in value] if isinstance(value, list | tuple) else value
