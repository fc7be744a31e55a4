"""Paired differences between two variants, exploratory: against the baseline, and of the selected variant.

As claims do by default, they compare the seeds in which both networks learn.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from paribus.judge.claims.evidence import ClaimEvidence
from paribus.judge.estimands.means import MeanOfContrast
from paribus.judge.reading import METRICS
from paribus.judge.results import EffectRow, Selection
from paribus.judge.selection import higher_is_better
from paribus.judge.statistics.adjusting import benjamini_hochberg
from paribus.judge.statistics.effects import LEVEL
from paribus.judge.verdicts import ALPHA
from paribus.records import Claim

__all__ = ["baseline_effects", "leads"]


EXPLORATORY_MARGIN = 0.01
"""Smallest difference that matters where no claim says so, in the unit of the metric."""


def baseline_effects(evidence: ClaimEvidence) -> Iterator[EffectRow]:
    """Yield each variant's paired difference from the baseline for each metric.

    Verdicts on "better than the baseline" are exploratory: they keep the rate of false discoveries
    among the variants, and not the chance of any.
    """
    plan = evidence.plan
    others = [variant.name for variant in plan.variants if variant.name != plan.baseline]
    found = [
        item
        for name in others
        for metric in METRICS
        if (item := _measured(evidence, name, plan.baseline, metric)) is not None
    ]
    rates = {
        metric: iter(
            benjamini_hochberg(
                [item.sample.p_differs() for item in found if item.seeds.claim.metric == metric]
            )
        )
        for metric in METRICS
    }
    for item in found:
        q = next(rates[item.seeds.claim.metric])
        verdict = (
            item.decide(q, len(others), ALPHA) if _is_complete(item, evidence) else "not judged yet"
        )
        yield replace(_row(item, evidence), q=q, verdict=verdict)


def leads(evidence: ClaimEvidence, selected: Selection) -> tuple[EffectRow, ...]:
    """Return the differences of the selected variant from the baseline and the runner-up, except from itself.

    Args:
        evidence: the plan and its trials.
        selected: the selected variant.
    """
    others = dict.fromkeys([evidence.plan.baseline, selected.runner_up])
    found = (
        _measured(evidence, selected.variant, other, selected.by)
        for other in others
        if other is not None and other != selected.variant
    )
    return tuple(_row(item, evidence) for item in found if item is not None)


def _measured(evidence: ClaimEvidence, name: str, other: str, metric: str) -> MeanOfContrast | None:
    """Return the difference ``name`` minus ``other``; None without a common seed in which both learn."""
    operator: Literal[">", "<"] = ">" if higher_is_better(metric) else "<"
    claim = Claim("", "", "", name, operator, other, metric, margin=EXPLORATORY_MARGIN)
    item = evidence.measure(claim)
    return item if isinstance(item, MeanOfContrast) else None


def _is_complete(item: MeanOfContrast, evidence: ClaimEvidence) -> bool:
    return not evidence.more_to_come or len(item.seeds.ended) == len(evidence.plan.seeds)


def _row(item: MeanOfContrast, evidence: ClaimEvidence) -> EffectRow:
    claim = item.seeds.claim
    own, base = (
        sum((side, seed) in evidence.collapsed for seed in item.seeds.ended)
        for side in (claim.left, claim.right)
    )
    low, high = item.interval(LEVEL)
    return EffectRow(
        variant=claim.left,
        baseline=claim.right,
        metric=claim.metric,
        estimate=item.estimate,
        low=low,
        high=high,
        n=item.n,
        q=math.nan,
        seeds=len(item.seeds.ended),
        collapsed=own,
        baseline_collapsed=base,
    )
