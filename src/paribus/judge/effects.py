"""Paired differences between two variants, exploratory: against the baseline, and of the selected variant.

As claims do by default, they compare the seeds in which both networks learn.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from paribus.judge.claims.evidence import ClaimEvidence
from paribus.judge.estimands.means import MeanOfContrast
from paribus.judge.reading import METRICS
from paribus.judge.results import EffectRow, Selection
from paribus.judge.statistics.adjusting import benjamini_hochberg
from paribus.records import Claim

__all__ = ["baseline_effects", "leads"]


def baseline_effects(evidence: ClaimEvidence) -> Iterator[EffectRow]:
    """Yield each variant's paired difference from the baseline for each metric."""
    plan = evidence.plan
    others = [variant.name for variant in plan.variants if variant.name != plan.baseline]
    found = [
        item
        for name in others
        for metric in METRICS
        if (item := _difference(evidence, name, plan.baseline, metric)) is not None
    ]
    rates = {
        metric: iter(benjamini_hochberg([p for p, row in found if row.metric == metric]))
        for metric in METRICS
    }
    for _, row in found:
        yield replace(row, q=next(rates[row.metric]))


def leads(evidence: ClaimEvidence, selected: Selection) -> tuple[EffectRow, ...]:
    """Return by how much the selected variant leads the baseline and the runner-up, of which it may be one.

    Args:
        evidence: the plan and its trials.
        selected: the selected variant.
    """
    others = dict.fromkeys([evidence.plan.baseline, selected.runner_up])
    found = (
        _difference(evidence, selected.variant, other, selected.by)
        for other in others
        if other is not None and other != selected.variant
    )
    return tuple(item[1] for item in found if item is not None)


def _difference(
    evidence: ClaimEvidence, name: str, other: str, metric: str
) -> tuple[float, EffectRow] | None:
    """Return the p value and the row of ``name`` minus ``other``; None without a common seed."""
    item = evidence.measure(Claim("", "", "", name, ">", other, metric))
    if not isinstance(item, MeanOfContrast):
        return None
    own, base = (
        sum((side, seed) in evidence.collapsed for seed in item.seeds.ended)
        for side in (name, other)
    )
    low, high = item.interval(0.95)
    row = EffectRow(
        variant=name,
        baseline=other,
        metric=metric,
        estimate=item.estimate,
        low=low,
        high=high,
        n=item.n,
        q=math.nan,
        seeds=len(item.seeds.ended),
        collapsed=own,
        baseline_collapsed=base,
    )
    return item.sample.p_differs(), row
