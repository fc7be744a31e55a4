"""From a study to a plan with shapes, parameters and a forecast of its cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import prod
from pathlib import Path
from statistics import mean
from typing import Any

from paribus.api.plan.feasible import (
    claim_problems,
    image_problems,
    memory_problems,
    step_problems,
    where_layer,
    where_stands,
)
from paribus.api.run.sources import Sources
from paribus.checking import Issue
from paribus.cost.estimate import (
    Amount,
    Estimate,
    TrialCost,
    estimate_study,
    example_seconds,
    measured_cost,
    trial_cost,
)
from paribus.data.account import DataAccount
from paribus.data.load import data_key
from paribus.data.spec import DataSpec
from paribus.errors import DataError, Problem, StudyError
from paribus.execute.jobs import available_cores
from paribus.execute.measured_speed import SpeedProbe, measure_speeds
from paribus.execute.room import machine_memory
from paribus.judge.claims.evidence import images_of
from paribus.judge.statistics.prospects import claim_prospects
from paribus.nn.summary import ModelSummary
from paribus.records import DataDescription, Plan, Variant
from paribus.study.expand import expand
from paribus.study.identity import canonical_json
from paribus.study.loaded import Study, collect
from paribus.study.reading import Document
from paribus.study.shapes import check_shapes, with_parameter_warnings, with_scaling_warnings

__all__ = ["PlannedStudy", "plan_study"]


@dataclass(frozen=True)
class PlannedStudy:
    """The plan of a run: variants, networks, data, and a forecast of time and memory."""

    plan: Plan
    base: Path | None
    """The folder that relative data paths start from."""
    descriptions: Mapping[str, DataDescription]
    summaries: Mapping[str, ModelSummary]
    costs: Mapping[str, TrialCost]
    """Variant -> a forecast of one trial."""
    estimate: Estimate
    sources: Sources
    """Cache of the data sets that were read for the plan."""

    @property
    def accounts(self) -> tuple[DataAccount, ...]:
        """Descriptions of the data, one for each distinct data setting; reads named sources."""
        settings = {canonical_json(variant.data): variant.data for variant in self.plan.variants}
        found: list[DataAccount] = []
        for data in settings.values():
            account = self.sources.account(DataSpec.parse(data))
            if account not in found:
                found.append(account)
        return tuple(found)

    @property
    def prospects(self) -> Mapping[str, str]:
        """Claim id -> sentences about the differences that the planned seeds can detect."""
        return claim_prospects(self.plan, images=images_of(self.descriptions))

    def to_json(self) -> dict[str, Any]:
        """Return the object that `plan --json` prints."""
        plan = self.plan
        return {
            "study": plan.study,
            "baseline": plan.baseline,
            "data": [account.to_json() for account in self.accounts],
            "variants": [self._variant_json(variant.name) for variant in plan.variants],
            "seeds": len(plan.seeds),
            "trials": len(plan.variants) * len(plan.seeds),
            "claims": [
                {"id": claim.id, "says": claim.says, "prospect": self.prospects[claim.id]}
                for claim in plan.claims
            ],
            "estimate": {
                "seconds": self.estimate.seconds,
                "memory_bytes": self.estimate.memory_bytes,
                "jobs": self.estimate.jobs,
                "measured": self.estimate.measured,
            },
        }

    def _variant_json(self, name: str) -> dict[str, Any]:
        variant = next(item for item in self.plan.variants if item.name == name)
        summary = self.summaries[name]
        return {
            "name": name,
            "levels": dict(variant.levels),
            "parameters": summary.parameters,
            "trainable_parameters": summary.trainable_parameters,
            "layers": [
                {
                    "name": row.name,
                    "type": row.type,
                    "output_shape": list(row.output_shape),
                    "parameters": row.parameters,
                }
                for row in summary.layers
            ],
            "changes": list(variant.changes),
            "warnings": list(variant.warnings),
        }


def plan_study(
    study: Study,
    *,
    seeds: int | None = None,
    jobs: int | None = None,
    overrides: Sequence[str] = (),
    only: Sequence[str] = (),
    measure: bool = False,
) -> PlannedStudy:
    """Expand a study, and check that data and networks of every variant fit together.

    Args:
        study: the study, from `paribus.load`.
        seeds: number of seeds instead of the study's.
        jobs: worker processes the forecast is for; one per core by default.
        overrides: ``path=value`` settings, applied to the base before the factors.
        only: names of the variants to keep; by default all.
        measure: forecast from a few training steps of every variant instead of from shapes.

    Raises:
        StudyError: the study breaks a rule, or a network does not fit its data.
        DataError: data at a path cannot be read.
    """
    plan = expand(study, seeds=seeds, overrides=overrides, only=only)
    memory = machine_memory()
    _raise_all(image_problems(plan, study.document, study.base, memory))
    sources = Sources(study.base)
    descriptions = _described(plan, sources, study)
    plan = _completed(plan, descriptions)
    summaries = _checked(plan, descriptions, study.document, memory)
    plan = with_scaling_warnings(with_parameter_warnings(plan, summaries))
    shaped = _Shaped(plan, descriptions, summaries)
    jobs = jobs or available_cores()
    costs, start_seconds = shaped.measured(jobs) if measure else (shaped.guessed(), None)
    return PlannedStudy(
        plan=plan,
        base=study.base,
        descriptions=descriptions,
        summaries=summaries,
        costs=costs,
        estimate=shaped.estimate(costs, jobs, start_seconds),
        sources=sources,
    )


def _described(plan: Plan, sources: Sources, study: Study) -> dict[str, DataDescription]:
    problems: list[Problem] = []
    found = {}
    for variant in plan.variants:
        issues: list[Issue] = []
        try:
            description = collect(partial(sources.describe, DataSpec.parse(variant.data)), issues)
        except DataError as error:
            raise DataError(_located(study.document, variant, error)) from error
        if description is not None:
            found[variant.name] = description
        for issue in issues:
            where = where_stands(study.document, variant, issue.path, issue.path[:2])
            problems.append(Problem(where, issue.rule, issue.got, issue.fix))
    if problems:
        raise StudyError(dict.fromkeys(problems))
    return found


def _located(document: Document, variant: Variant, error: DataError) -> list[Problem]:
    """Return the problems of data, with file and line of the setting that causes them, if one does."""
    return [
        replace(problem, where=where_stands(document, variant, tuple(problem.where.split("."))))
        if problem.where.startswith("data.")
        else problem
        for problem in error.problems
    ]


def _completed(plan: Plan, descriptions: Mapping[str, DataDescription]) -> Plan:
    """Replace splits that depend on the source by explicit ones."""
    variants = tuple(
        replace(
            variant,
            data=DataSpec.parse(variant.data)
            .completed(descriptions[variant.name].parts)
            .to_settings(),
        )
        for variant in plan.variants
    )
    return replace(plan, variants=variants)


def _checked(
    plan: Plan, descriptions: Mapping[str, DataDescription], document: Document, memory: int
) -> dict[str, ModelSummary]:
    """Return the shapes of every variant; raise one error with all problems that prevent a run."""
    problems = [*step_problems(plan, descriptions, document), *claim_problems(plan, document)]
    try:
        summaries = check_shapes(plan, descriptions, partial(where_layer, document))
    except StudyError as error:
        raise StudyError(dict.fromkeys([*problems, *error.problems])) from None
    problems += memory_problems(plan, descriptions, summaries, document, memory)
    _raise_all(problems)
    return summaries


def _raise_all(problems: Iterable[Problem]) -> None:
    if found := dict.fromkeys(problems):
        raise StudyError(found)


@dataclass(frozen=True)
class _Shaped:
    """A plan with the shapes of its networks and data: the input of a forecast."""

    plan: Plan
    descriptions: Mapping[str, DataDescription]
    summaries: Mapping[str, ModelSummary]

    def guessed(self) -> dict[str, TrialCost]:
        """Forecast time and memory of a trial of each variant from shapes alone."""
        return {
            variant.name: trial_cost(
                multiply_adds=_multiply_adds(self.summaries[variant.name]),
                activations=_activations(self.summaries[variant.name]),
                parameters=self.summaries[variant.name].parameters,
                amount=self._amount(variant),
                train=variant.train,
            )
            for variant in self.plan.variants
        }

    def measured(self, jobs: int) -> tuple[dict[str, TrialCost], float]:
        """Forecast each variant's trial from a measurement; also the seconds to start a worker."""
        jobs = min(jobs, len(self.plan.variants) * len(self.plan.seeds))
        found = measure_speeds([self._probe(variant) for variant in self.plan.variants], jobs)
        costs = {
            variant.name: measured_cost(speed, self._amount(variant), variant.train)
            for variant, speed in zip(self.plan.variants, found.speeds, strict=True)
        }
        return costs, found.start_seconds

    def estimate(
        self, costs: Mapping[str, TrialCost], jobs: int, start_seconds: float | None
    ) -> Estimate:
        """Return the forecast of the whole study, from those of its trials."""
        sources = {data_key(DataSpec.parse(item.data)): item.name for item in self.plan.variants}
        data_bytes = sum(
            prod(self.descriptions[name].input_shape)
            * sum(self.descriptions[name].num_examples.values())
            for name in sources.values()
        )
        refitted = 0.0
        if self.plan.select.refit == "train+validation":
            refitted = mean(
                costs[variant.name].seconds
                * (1 + self._amount(variant).validation / self._amount(variant).train)
                for variant in self.plan.variants
            )
        return estimate_study(
            costs,
            num_seeds=len(self.plan.seeds),
            jobs=jobs,
            data_bytes=data_bytes,
            refitted=refitted,
            start_seconds=start_seconds,
        )

    def _amount(self, variant: Variant) -> Amount:
        counts = self.descriptions[variant.name].num_examples
        return Amount(counts["train"], counts["validation"])

    def _probe(self, variant: Variant) -> SpeedProbe:
        summary, description = self.summaries[variant.name], self.descriptions[variant.name]
        guess = example_seconds(
            multiply_adds=_multiply_adds(summary),
            activations=_activations(summary),
            batch_size=variant.train["batch_size"],
        )
        steps = DataSpec.parse(variant.data).steps()
        return SpeedProbe(
            variant=variant,
            shape=description.input_shape,
            num_classes=len(description.class_names),
            guess=guess,
            looked_up=all(step.valuewise for step in steps),
        )


def _activations(summary: ModelSummary) -> int:
    return sum(prod(row.output_shape) for row in summary.layers)


def _multiply_adds(summary: ModelSummary) -> int:
    """Return the multiplications of one forward pass; a kernel is applied once per output position."""
    positions = [prod(row.output_shape[:-1]) for row in summary.layers]
    return sum(row.parameters * place for row, place in zip(summary.layers, positions, strict=True))
