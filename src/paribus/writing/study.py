"""What charts and tables are made from: a study's plan and results, and what was kept of its predictions."""

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
    """A study as it is shown. Predictions are those of the selected variant, one per seed."""

    plan: Plan
    results: StudyResults
    summaries: Mapping[str, ModelSummary] = field(default_factory=dict)
    """Variant -> its network's shapes."""
    descriptions: Mapping[str, DataDescription] = field(default_factory=dict)
    """Variant -> its data."""
    predictions: Mapping[str, Sequence[Predictions]] = field(default_factory=dict)
    """Split -> predictions."""
    confusions: Mapping[str, Confusion] = field(default_factory=dict)
    """Split -> matrix."""
    confusion_difference: ConfusionDifference | None = None
    """The selected variant's validation matrix minus the baseline's, or the runner-up's."""

    class_names: tuple[str, ...] = ()

    @property
    def metric(self) -> str:
        """What variants are selected by."""
        return self.plan.select.by
