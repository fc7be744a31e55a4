"""From a study to a plan with shapes, parameters and a forecast of its cost. Trains nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from ceteris.api.estimate import Estimate, TrialCost, estimate_study, trial_cost
from ceteris.data.load import describe
from ceteris.data.spec import DataSpec
from ceteris.execute.jobs import available_cores
from ceteris.nn.summary import ModelSummary
from ceteris.records import DataDescription, Plan
from ceteris.study.expand import expand
from ceteris.study.load import Study
from ceteris.study.shapes import check_shapes, with_parameter_warnings

__all__ = ["PlannedStudy", "plan_study"]


@dataclass(frozen=True)
class PlannedStudy:
    """What `run` would do, and what it would cost."""

    plan: Plan
    base: Path | None
    """The folder that relative data paths start from."""
    descriptions: Mapping[str, DataDescription]
    summaries: Mapping[str, ModelSummary]
    costs: Mapping[str, TrialCost]
    """Variant -> a rough forecast of one trial."""
    estimate: Estimate

    def to_json(self) -> dict[str, Any]:
        """Return the object that `plan --json` prints."""
        plan = self.plan
        return {
            "study": plan.study,
            "baseline": plan.baseline,
            "variants": [self._variant_json(variant.name) for variant in plan.variants],
            "seeds": len(plan.seeds),
            "trials": len(plan.variants) * len(plan.seeds),
            "estimate": {
                "seconds": self.estimate.seconds,
                "memory_bytes": self.estimate.memory_bytes,
                "jobs": self.estimate.jobs,
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
) -> PlannedStudy:
    """Expand a study, and check that data and networks of every variant fit together.

    Args:
        study: what `ceteris.load` returns.
        seeds: number of seeds instead of the study's.
        jobs: worker processes the forecast is for; one per core by default.
        overrides: ``path=value`` settings, applied to the base before the factors.
        only: names of the variants to keep; all by default.

    Raises:
        StudyError: the study breaks a rule, or a network does not fit its data.
        DataError: data at a path cannot be read.
    """
    plan = expand(study, seeds=seeds, overrides=overrides, only=only)
    descriptions = {
        variant.name: describe(DataSpec.parse(variant.data), base=study.base)
        for variant in plan.variants
    }
    summaries = check_shapes(plan, descriptions)
    plan = with_parameter_warnings(plan, summaries)
    costs = _costs(plan, descriptions, summaries)
    return PlannedStudy(
        plan=plan,
        base=study.base,
        descriptions=descriptions,
        summaries=summaries,
        costs=costs,
        estimate=_forecast(plan, descriptions, costs, jobs or available_cores()),
    )


def _costs(
    plan: Plan, descriptions: Mapping[str, DataDescription], summaries: Mapping[str, ModelSummary]
) -> dict[str, TrialCost]:
    return {
        variant.name: trial_cost(
            multiply_adds=_multiply_adds(summaries[variant.name]),
            activations=sum(prod(row.output_shape) for row in summaries[variant.name].layers),
            parameters=summaries[variant.name].parameters,
            num_examples=descriptions[variant.name].num_examples["train"],
            train=variant.train,
        )
        for variant in plan.variants
    }


def _forecast(
    plan: Plan,
    descriptions: Mapping[str, DataDescription],
    costs: Mapping[str, TrialCost],
    jobs: int,
) -> Estimate:
    data_bytes = max(
        4 * prod(item.input_shape) * sum(item.num_examples.values())
        for item in descriptions.values()
    )
    return estimate_study(costs, num_seeds=len(plan.seeds), jobs=jobs, data_bytes=data_bytes)


def _multiply_adds(summary: ModelSummary) -> int:
    """Products of one forward pass: every kernel is used once per output position."""
    positions = [prod(row.output_shape[:-1]) for row in summary.layers]
    return sum(row.parameters * place for row, place in zip(summary.layers, positions, strict=True))
