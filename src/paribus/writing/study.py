"""Plain data that charts and tables are made from: plan, results and predictions of a study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from paribus.judge.confusion import Confusion, ConfusionDifference
from paribus.judge.results import StudyResults
from paribus.nn.summary import ModelSummary
from paribus.records import DataDescription, Plan, Predictions

__all__ = ["ShownStudy"]


@dataclass(frozen=True)
class ShownStudy:
    """Plan, results and predictions of a study. Predictions are those of the selected variant, one per seed."""

    plan: Plan
    results: StudyResults
    summaries: Mapping[str, ModelSummary] = field(default_factory=dict)
    """Variant -> layers, shapes and parameters of its network."""
    descriptions: Mapping[str, DataDescription] = field(default_factory=dict)
    """Variant -> description of its data."""
    predictions: Mapping[str, Sequence[Predictions]] = field(default_factory=dict)
    """Split -> predictions of the selected variant, one per seed."""
    confusions: Mapping[str, Confusion] = field(default_factory=dict)
    """Split -> confusion matrix of the selected variant."""
    confusion_difference: ConfusionDifference | None = None
    """The selected variant's validation matrix minus the baseline's, or the runner-up's."""

    class_names: tuple[str, ...] = ()

    @property
    def metric(self) -> str:
        """Metric by which variants are selected."""
        return self.plan.select.by
