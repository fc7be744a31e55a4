"""The factorial overview: all main effects and two-way interactions of a study, exploratory."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import combinations

from paribus.judge.results import OverviewRow
from paribus.judge.statistics.adjusting import benjamini_hochberg
from paribus.judge.statistics.contrasts import Contrast, contrasts_of
from paribus.judge.statistics.samples import Sample
from paribus.records import Claim, Plan, StoredTrial

__all__ = ["factorial_overview"]


def factorial_overview(
    plan: Plan,
    trials: Sequence[StoredTrial],
    metric: str,
    collapsed: Collection[tuple[str, int]] = frozenset(),
) -> tuple[OverviewRow, ...]:
    """Return main effects and two-way interactions with 95 % intervals and false discovery rates.

    A main effect is the difference between a level and the baseline's level of the factor, averaged
    over the other factors. An interaction is the difference of one such difference between a level
    of another factor and the baseline's level of it. As claims do by default, a row compares the seeds in
    which no network of it collapsed; rows with fewer than two of them are left out.

    Args:
        plan: the study; with fewer than two factors the overview is empty.
        trials: trials fitted on the training set.
        metric: for example ``val_accuracy``.
        collapsed: (variant, seed) of the trials that collapsed.
    """
    if len(plan.factors) < 2:
        return ()
    values = {
        (trial.variant, trial.seed): trial.metrics[metric]
        for trial in trials
        if trial.status == "done"
        and metric in trial.metrics
        and (trial.variant, trial.seed) not in collapsed
    }
    found = []
    for kind, what, contrast in _contrasts(plan, metric):
        seeds = [s for s in plan.seeds if all((name, s) in values for name in contrast.weights)]
        if len(seeds) > 1:
            sample = Sample(tuple(contrast.value(values, seed) for seed in seeds))
            found.append((kind, what, sample))
    rates = benjamini_hochberg([sample.p_differs() for _, _, sample in found])
    return tuple(
        OverviewRow(kind, what, metric, sample.mean, *sample.interval(0.95), sample.n, rate)
        for (kind, what, sample), rate in zip(found, rates, strict=True)
    )


def _contrasts(plan: Plan, metric: str) -> Iterator[tuple[str, str, Contrast]]:
    start = next((v.levels for v in plan.variants if v.name == plan.baseline), {})
    for factor, levels in plan.factors.items():
        for level in levels:
            if level == start.get(factor):
                continue
            claim = _claim("difference", metric, factor, level, start.get(factor, ""))
            for contrast in contrasts_of(claim, plan):
                yield "main effect", f"{factor}: {level} - {start.get(factor)}", contrast
    for factor, other in combinations(plan.factors, 2):
        yield from _interactions(
            plan, metric, (factor, other), (start.get(factor, ""), start.get(other, ""))
        )


def _interactions(
    plan: Plan, metric: str, factors: tuple[str, str], start: tuple[str, str]
) -> Iterator[tuple[str, str, Contrast]]:
    factor, other = factors
    for level in plan.factors[factor]:
        for other_level in plan.factors[other]:
            if level == start[0] or other_level == start[1]:
                continue
            parts = [
                contrasts_of(
                    _claim("difference", metric, factor, level, start[0], {other: fixed}), plan
                )
                for fixed in (other_level, start[1])
            ]
            if not all(parts):
                continue
            (one,), (two,) = parts
            names = dict.fromkeys([*one.weights, *two.weights])
            weights = {n: one.weights.get(n, 0.0) - two.weights.get(n, 0.0) for n in names}
            what = f"({level} - {start[0]}) at {other_level} - at {start[1]}"
            yield "interaction", what, Contrast({n: w for n, w in weights.items() if w})


def _claim(
    kind: str, metric: str, factor: str, left: str, right: str, within: dict[str, str] | None = None
) -> Claim:
    return Claim("", "", factor, left, ">", right, metric, within or {}, kind=kind)  # type: ignore[arg-type]
