"""Studies with fewer seeds than a verdict needs."""

from __future__ import annotations

from collections.abc import Iterator

from paribus.judge.evidence import Evidence
from paribus.judge.results import Finding
from paribus.judge.verdicts import MIN_SEEDS

__all__ = ["check"]


def check(study: Evidence) -> Iterator[Finding]:
    """Warn if variants are compared with fewer than `MIN_SEEDS` seeds."""
    plan = study.plan
    count = len(plan.seeds)
    if count < MIN_SEEDS and len(plan.variants) > 1:
        yield Finding(
            check="few_seeds",
            severity="warning",
            where="seeds",
            evidence=f"{count} of at least {MIN_SEEDS} seeds; no claim can be decided",
            advice="Run more seeds of every variant (`run --seeds 10` keeps finished trials).",
        )
