"""The report as plain data: everything the page shows, nothing about how it looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ceteris.judge.results import StudyResults
from ceteris.nn.summary import ModelSummary
from ceteris.records import DataDescription, Plan
from ceteris.report.charts import curve_points, draw_curves, draw_effects, effect_points
from ceteris.report.images import Confusion, Picture
from ceteris.report.tables import selection_sentence

__all__ = ["Chart", "ReportContent", "answer", "charts_of"]


@dataclass(frozen=True)
class Chart:
    """A drawn chart."""

    title: str
    note: str
    svg: str


@dataclass(frozen=True)
class ReportContent:
    """All parts of the report, top to bottom."""

    plan: Plan
    results: StudyResults
    descriptions: Mapping[str, DataDescription]
    summaries: Mapping[str, ModelSummary]
    effects_chart: Chart | None
    curves: tuple[Chart, ...]
    confusions: Mapping[str, Confusion]
    """Split -> matrix of the selected variant."""
    samples: tuple[Picture, ...]
    mistakes: tuple[Picture, ...]
    data_notes: tuple[str, ...]
    resolved_yaml: str
    environments: tuple[Mapping[str, object], ...]
    """Distinct environments the trials ran in."""
    extra: Mapping[str, str] = field(default_factory=dict)


def answer(results: StudyResults) -> str:
    """Answer the question in one sentence, as far as it is answered."""
    sentence = selection_sentence(results)
    if not sentence:
        done = sum(trial.status == "done" for trial in results.trials)
        return f"Not answered yet: {done} trials are done."
    return sentence


def charts_of(plan: Plan, results: StudyResults) -> tuple[Chart | None, tuple[Chart, ...]]:
    """Draw the effects chart and the training curves."""
    order = [variant.name for variant in plan.variants]
    curves = []
    for quantity in ("accuracy", "loss"):
        points = curve_points(results, quantity)
        if points:
            note = (
                "Line: mean over seeds; band: from the lowest to the highest seed. "
                "Train metrics are re-scored in evaluation mode."
            )
            curves.append(
                Chart(
                    f"{quantity.capitalize()} per epoch", note, draw_curves(points, quantity, order)
                )
            )
    return _effects_chart(plan, results), tuple(curves)


def _effects_chart(plan: Plan, results: StudyResults) -> Chart | None:
    metric = plan.select.by
    points: Sequence = effect_points(results, metric)  # type: ignore[type-arg]
    if not points:
        return None
    note = (
        "Paired by seed. An interval that crosses zero leaves the direction open. "
        "Exploratory: only claims were declared before the run."
    )
    return Chart("Effects against the baseline", note, draw_effects(points, metric, plan.baseline))
