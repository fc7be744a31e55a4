"""Judging of a study: one pure function from stored trials to `StudyResults`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace

from paribus.judge.checks import run_checks
from paribus.judge.claims.claim_row import ClaimRow
from paribus.judge.claims.evidence import claim_evidence
from paribus.judge.claims.family import judge_claims, open_claims
from paribus.judge.effects import baseline_effects, leads
from paribus.judge.evidence import Evidence
from paribus.judge.marks import Marking
from paribus.judge.overview import factorial_overview
from paribus.judge.published import compare_published
from paribus.judge.reading import METRICS
from paribus.judge.results import MissingTrial, StudyResults, VariantSummary
from paribus.judge.selection import (
    missing_trials,
    select_variant,
    trials_by_variant,
)
from paribus.judge.statistics.contrasts import contrasts_of
from paribus.judge.statistics.effects import mean_interval
from paribus.records import Claim, DataDescription, DataFacts, Look, Plan, StoredTrial

__all__ = ["required_trials", "summarise"]


def summarise(
    plan: Plan,
    trials: Sequence[StoredTrial],
    looks: Sequence[Look] = (),
    declared: Sequence[Claim] | None = None,
    facts: Mapping[str, DataFacts] | None = None,
    marking: Marking | None = None,
    *,
    descriptions: Mapping[str, DataDescription] | None = None,
    extended: bool = False,
    more_to_come: bool = True,
) -> StudyResults:
    """Judge a study.

    Args:
        plan: the expanded study; trials of other variants or seeds are ignored.
        trials: stored trials, in any order.
        looks: recorded looks at the test set.
        declared: claims of the study file before the first result; by default all of the plan.
        facts: variant -> statistics of its images and labels, for the checks.
        marking: which images each trial classifies correctly.
        descriptions: variant -> input shape and class names of its data, for the checks.
        extended: whether seeds were added after a verdict was seen, which makes claims exploratory.
        more_to_come: whether planned seeds without trials are still to be run; False for a finished
            table of results.
    """
    names = {variant.name for variant in plan.variants}
    own = sorted(
        (trial for trial in trials if trial.variant in names and trial.seed in plan.seeds),
        key=lambda trial: (_position(plan, trial.variant), trial.fit_on, trial.seed),
    )
    first = [trial for trial in own if trial.fit_on == "train"]
    finished = {(trial.variant, trial.seed) for trial in first if trial.status == "done"}
    evidence = claim_evidence(plan, first, marking, facts, descriptions, more_to_come=more_to_come)
    claims = judge_claims(plan.claims, evidence, declared, extended=extended)
    required = required_trials(plan, claims)
    selected = select_variant(plan, own, required)
    winner = None if selected is None else selected.variant
    if selected is not None:
        selected = replace(selected, leads=leads(evidence, selected))
    own = [trial for trial in own if trial.fit_on == "train" or trial.variant == winner]
    tested = (
        selected is None or plan.select.test == "never" or bool(selected.test) or _no_test(plan)
    )
    summaries = tuple(_summaries(plan, own))
    return StudyResults(
        study=plan.study,
        complete=required <= finished and tested,
        trials=tuple(own),
        variants=summaries,
        effects=tuple(baseline_effects(evidence)),
        claims=claims,
        selected=selected,
        findings=run_checks(Evidence(plan, first, facts or {}, descriptions or {})),
        looks=tuple(looks),
        overview=factorial_overview(plan, first, plan.select.by, evidence.collapsed),
        published=compare_published(plan.published, {row.name: row.metrics for row in summaries}),
        missing=tuple(_missing(plan, first, required)),
    )


def required_trials(plan: Plan, claims: Sequence[ClaimRow]) -> set[tuple[str, int]]:
    """Return (variant, seed) of all trials that the study needs, given the verdicts so far.

    Without planned looks these are all trials. With planned looks, these are the seeds of the first
    look for all variants, and the seeds of the next look for the variants of undecided claims.

    Args:
        plan: the study.
        claims: claims, judged by the trials finished so far.
    """
    if not plan.looks:
        return {(variant.name, seed) for variant in plan.variants for seed in plan.seeds}
    needed = {(v.name, seed) for v in plan.variants for seed in plan.seeds[: plan.looks[0]]}
    judged = {row.claim.id: row.planned for row in claims}
    for claim in open_claims(claims, plan):
        following = next(look for look in plan.looks if look > judged[claim.id])
        names = {name for contrast in contrasts_of(claim, plan) for name in contrast.weights}
        needed |= {(name, seed) for name in names for seed in plan.seeds[:following]}
    return needed


def _position(plan: Plan, name: str) -> int:
    return next(k for k, variant in enumerate(plan.variants) if variant.name == name)


def _missing(
    plan: Plan, trials: Sequence[StoredTrial], required: Set[tuple[str, int]]
) -> Iterator[MissingTrial]:
    """Yield the required trials that are neither done nor failed, ordered by seed, then variant."""
    reasons = {(trial.variant, trial.seed): trial.reason for trial in trials}
    absent = missing_trials(trials, required)
    for seed in plan.seeds:
        for variant in plan.variants:
            key = (variant.name, seed)
            if key in absent:
                yield MissingTrial(*key, reasons.get(key))


def _no_test(plan: Plan) -> bool:
    return all(
        variant.data.get("split", {}).get("validation") == "test" for variant in plan.variants
    )


def _summaries(plan: Plan, trials: Sequence[StoredTrial]) -> Iterator[VariantSummary]:
    done = trials_by_variant(plan, trials)
    for variant in plan.variants:
        mine = done[variant.name]
        failed = sum(
            trial.status == "failed" and trial.variant == variant.name and trial.fit_on == "train"
            for trial in trials
        )
        metrics = {
            metric: mean_interval([trial.metrics[metric] for trial in mine])
            for metric in METRICS
            if mine and all(metric in trial.metrics for trial in mine)
        }
        yield VariantSummary(variant.name, variant.levels, len(mine), failed, metrics)
