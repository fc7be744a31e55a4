"""Training that ended while validation accuracy was rising: the ranking of variants may change."""

from __future__ import annotations

from collections.abc import Iterator

from paribus.judge.evidence import Evidence
from paribus.judge.reading import done_trials, mean_curve
from paribus.judge.results import Finding

__all__ = ["check"]

LAST_SHARE = 0.2
FEWEST = 3
SLOPE = 0.003
"""Largest rise of validation accuracy per epoch that counts as converged."""


def check(study: Evidence) -> Iterator[Finding]:
    """Note variants whose validation accuracy still rises over the last fifth of the epochs."""
    plan, trials = study.plan, study.trials
    rising = {}
    window = 0
    for name, done in done_trials(plan, trials).items():
        curve = mean_curve(done, "val_accuracy")
        window = max(FEWEST, round(LAST_SHARE * len(curve)))
        if len(curve) < window:
            continue
        last = curve[-window:]
        slope = (last[-1] - last[0]) / (window - 1)
        if slope > SLOPE:
            rising[name] = slope
    if not rising:
        return
    steepest = max(rising, key=lambda name: rising[name])
    yield Finding(
        check="not_converged",
        severity="note",
        where=", ".join(rising) if len(rising) < len(plan.variants) else "all variants",
        variants=tuple(rising) if len(rising) < len(plan.variants) else (),
        evidence=(
            f"validation accuracy still rises over the last {window} epochs, by up to "
            f"{100 * rising[steepest]:.1f} points per epoch ({steepest})"
        ),
        advice="Train for more epochs: variants that learn more slowly may still catch up.",
    )
