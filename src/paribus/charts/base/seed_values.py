"""Values of a metric for every seed of each variant, with mean and interval."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from paribus.judge.results import StudyResults, VariantSummary
from paribus.judge.statistics.effects import mean_interval

__all__ = ["SeedRow", "seed_rows"]


@dataclass(frozen=True)
class SeedRow:
    """A metric of one variant: every seed, their mean and its 95 % interval."""

    variant: str
    values: Mapping[int, float]
    """Seed -> value, of trials that ended well."""
    mean: float
    low: float
    high: float
    failed: int

    @property
    def count(self) -> str:
        """Text with the number of trials, including failed ones."""
        failed = f", {self.failed} failed" if self.failed else ""
        return f"n {len(self.values)}{failed}"


def seed_rows(results: StudyResults, metric: str) -> list[SeedRow]:
    """Return one row per variant, in the order of the plan; one without a value has mean NaN."""
    values: dict[str, dict[int, float]] = {row.name: {} for row in results.variants}
    for trial in results.trials:
        if trial.fit_on == "train" and trial.status == "done" and metric in trial.metrics:
            values[trial.variant][trial.seed] = trial.metrics[metric]
    return [_seed_row(row, values[row.name]) for row in results.variants]


def _seed_row(row: VariantSummary, values: Mapping[int, float]) -> SeedRow:
    if not values:
        return SeedRow(row.name, {}, math.nan, math.nan, math.nan, row.failed)
    item = mean_interval(list(values.values()))
    return SeedRow(row.name, values, item.mean, item.low, item.high, row.failed)
