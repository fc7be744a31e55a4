"""Claims judged: a contrast of cells, computed seed by seed, against zero and the margin."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ceteris.judge.effects import paired_effect
from ceteris.judge.results import ClaimRow
from ceteris.judge.verdicts import MIN_SEEDS, Verdict, judge_difference
from ceteris.records import Claim, Plan, StoredTrial, Variant

__all__ = ["judge_claim"]


def judge_claim(claim: Claim, plan: Plan, trials: Sequence[StoredTrial]) -> ClaimRow:
    """Judge one claim.

    Per seed, each side is the mean over its cells (the levels of the factors that the claim does
    not fix); the difference left - right is then a paired effect over seeds.

    Args:
        claim: declared before running.
        plan: the study.
        trials: fitted on the training part.
    """
    left, right = _cells(claim, claim.left, plan), _cells(claim, claim.right, plan)
    if not left or not right:
        return _unjudged(claim, "not assessable", "its variants are not part of this run", 0)
    names = {*left, *right}
    failed = [trial for trial in trials if trial.variant in names and trial.status == "failed"]
    if failed:
        count = len(failed)
        reason = f"{count} of its trials failed, and leaving them out would flatter the rest"
        return _unjudged(claim, "not assessable", reason, 0)
    values = _values(trials, claim.metric)
    seeds = [seed for seed in plan.seeds if all((name, seed) in values for name in names)]
    if not seeds:
        if claim.metric.startswith("test_"):
            reason = "the test set was not opened for both sides (select: {test: all} does it)"
            return _unjudged(claim, "not assessable", reason, 0)
        return _unjudged(claim, "undecided", "no seed has finished yet", 0)
    effect = paired_effect(
        [_mean(values, left, seed) for seed in seeds],
        [_mean(values, right, seed) for seed in seeds],
    )
    verdict = judge_difference(effect, claim.operator, claim.margin)
    return ClaimRow(
        claim,
        verdict,
        effect.estimate,
        effect.low,
        effect.high,
        effect.n,
        _reason(claim, verdict, effect.n),
    )


def _cells(claim: Claim, level: str, plan: Plan) -> tuple[str, ...]:
    """Names of the variants that stand for one side of the claim."""

    def belongs(variant: Variant) -> bool:
        if not claim.factor:
            return variant.name == level
        fixed = {**claim.within, claim.factor: level}
        return all(variant.levels.get(factor) == value for factor, value in fixed.items())

    return tuple(variant.name for variant in plan.variants if belongs(variant))


def _values(trials: Sequence[StoredTrial], metric: str) -> Mapping[tuple[str, int], float]:
    return {
        (trial.variant, trial.seed): trial.metrics[metric]
        for trial in trials
        if trial.status == "done" and metric in trial.metrics
    }


def _mean(values: Mapping[tuple[str, int], float], cells: Sequence[str], seed: int) -> float:
    return math.fsum(values[name, seed] for name in cells) / len(cells)


def _unjudged(claim: Claim, verdict: Verdict, reason: str, n: int) -> ClaimRow:
    return ClaimRow(claim, verdict, math.nan, math.nan, math.nan, n, reason)


def _reason(claim: Claim, verdict: Verdict, n: int) -> str:
    margin = f"{claim.margin:g}"
    if n < MIN_SEEDS:
        return f"{n} seeds are too few for a verdict; at least {MIN_SEEDS} are needed"
    return {
        "supported": "the whole interval lies on the claimed side",
        "supported but negligible": f"the interval lies on the claimed side, but within {margin} of zero",
        "refuted": "the whole interval contradicts the claim",
        "practically equal": f"the whole interval lies within {margin} of zero",
    }.get(verdict, "the interval leaves both outcomes open; more seeds would narrow it")
