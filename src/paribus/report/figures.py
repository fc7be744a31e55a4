"""Which charts a study gets: from results to drawn figures, each with the sentence that explains it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from paribus.judge.results import StudyResults
from paribus.nn.summary import ModelSummary
from paribus.records import DataDescription, Plan, Predictions
from paribus.report.calibration_chart import draw_calibration
from paribus.report.charts import seed_rows
from paribus.report.claim_chart import claim_points, draw_claims
from paribus.report.confusion_chart import draw_confusion, draw_confusion_difference
from paribus.report.cost_chart import cost_points, draw_cost
from paribus.report.curve_chart import draw_curves, seed_curves
from paribus.report.diagram import boxes_of, draw_model
from paribus.report.effect_chart import draw_effects, effect_points
from paribus.report.factor_charts import cell_points, draw_grid, draw_interaction, factor_pairs
from paribus.report.images import Confusion, ConfusionDifference
from paribus.report.learning_chart import (
    draw_learning_curve,
    examples_of,
    learning_points,
    series_of,
    values_of,
)
from paribus.report.per_class import (
    ClassRow,
    calibration_error,
    calibration_points,
    per_class,
)
from paribus.report.seed_chart import draw_seeds
from paribus.report.tables import title

__all__ = [
    "Chart",
    "calibration_charts",
    "charts_of",
    "claims_chart_of",
    "class_rows",
    "confusion_charts",
    "cost_charts_of",
    "diagrams_of",
    "factor_charts_of",
    "seeds_chart_of",
]


@dataclass(frozen=True)
class Chart:
    """A drawn chart."""

    title: str
    note: str
    svg: str


def charts_of(plan: Plan, results: StudyResults) -> tuple[Chart | None, tuple[Chart, ...]]:
    """Draw the effects chart and the training curves."""
    order = [variant.name for variant in plan.variants]
    curves = []
    for quantity in ("accuracy", "loss"):
        found = seed_curves(results, quantity)
        if any(curve.epochs[-1] > 1 for curve in found):
            note = (
                "Thin lines: seeds; thick line: their mean; band: from the lowest to the highest seed. "
                "Train metrics are re-scored in evaluation mode."
            )
            if quantity == "loss":
                note += " Losses are without label smoothing and penalties."
            svg = draw_curves(found, quantity, order)
            curves.append(Chart(f"{quantity.capitalize()} per epoch", note, svg))
    return _effects_chart(plan, results), tuple(curves)


def seeds_chart_of(plan: Plan, results: StudyResults) -> Chart | None:
    """Draw every trial's score by variant, once there is one."""
    rows = seed_rows(results, plan.select.by)
    if not any(row.values for row in rows):
        return None
    note = "Every trial is a dot. Differences between variants are judged seed by seed, not dot cloud by dot cloud."
    return Chart(f"Every seed's {title(plan.select.by)}", note, draw_seeds(rows, plan.select.by))


def diagrams_of(
    plan: Plan, summaries: Mapping[str, ModelSummary], descriptions: Mapping[str, DataDescription]
) -> dict[str, str]:
    """Draw every network; what the reference has not is marked."""
    reference = summaries[plan.reference]
    return {
        name: draw_model(boxes_of(summary, descriptions[name].input_shape, reference))
        for name, summary in summaries.items()
    }


def claims_chart_of(results: StudyResults) -> Chart | None:
    """Draw the claims, if some have an interval."""
    points = claim_points(results)
    if not points:
        return None
    note = (
        "An interval beyond the grey margin shows a difference that matters; one inside it shows that there is "
        "none that matters; one that reaches both leaves it open."
    )
    return Chart("The claims at a glance", note, draw_claims(points))


def cost_charts_of(
    plan: Plan, results: StudyResults, summaries: Mapping[str, ModelSummary]
) -> tuple[Chart, ...]:
    """Draw what accuracy costs, as far as the variants differ in it."""
    metric = plan.select.by
    points = cost_points(results, summaries, metric)
    found = []
    if len({point.parameters for point in points}) > 1:
        note = "Mean and 95 % interval over seeds. More parameters are no aim in themselves."
        found.append(Chart("Accuracy and size", note, draw_cost(points, metric, "parameters")))
    if len(points) > 1:
        note = "As measured in this run, with as many trials at once as there were workers."
        found.append(Chart("Accuracy and time", note, draw_cost(points, metric, "seconds")))
    return (*found, *_learning_chart(plan, results, metric))


def _learning_chart(plan: Plan, results: StudyResults, metric: str) -> Iterator[Chart]:
    examples, values = examples_of(results), values_of(results, metric)
    if len(set(examples.values())) < 2:
        return
    series = series_of(plan, examples)
    note = "Line: mean over seeds with its 95 % interval; dots: seeds."
    points = learning_points(examples, series, values)
    yield Chart("Learning curve", note, draw_learning_curve(points, title(metric)))


def class_rows(
    predictions: Mapping[str, Sequence[Predictions]], names: Sequence[str]
) -> dict[str, tuple[ClassRow, ...]]:
    """Return recall and precision per split."""
    return {split: tuple(per_class(items, names)) for split, items in predictions.items()}


def confusion_charts(
    confusions: Mapping[str, Confusion], difference: ConfusionDifference | None
) -> dict[str, Chart]:
    """Draw the confusion matrix of every split, and the difference of two variants' ones, by name."""
    found = {
        f"confusion-{split}": Chart(
            f"Confusion matrix on {split} images",
            "Rows: truth; columns: what the network said.",
            draw_confusion(matrix, split),
        )
        for split, matrix in confusions.items()
    }
    if difference is not None:
        found["confusion-difference"] = Chart(
            f"Where {difference.left} and {difference.right} err differently",
            "On the diagonal more is better; beside it less is better.",
            draw_confusion_difference(difference),
        )
    return found


def calibration_charts(predictions: Mapping[str, Sequence[Predictions]]) -> dict[str, Chart]:
    """Draw the reliability diagram of every split."""
    found = {}
    for split, items in predictions.items():
        points = calibration_points(items)
        note = (
            "On the dashed line a network is right as often as it says; below it, it is too sure. Dots are as large "
            f"as their share of the guesses. Expected calibration error: {calibration_error(points):.3f}."
        )
        found[split] = Chart(f"Reliability on {split} images", note, draw_calibration(points))
    return found


def factor_charts_of(plan: Plan, results: StudyResults) -> tuple[Chart, ...]:
    """Draw a grid and an interaction plot for every pair of factors."""
    metric, found = plan.select.by, []
    for pair in factor_pairs(plan):
        points = cell_points(plan, results, metric, pair)
        if len(points) > 2:
            found += [
                Chart(
                    f"{pair[0]} x {pair[1]}: means",
                    "Mean over seeds, its 95 % interval, and the number of seeds; other factors are averaged over.",
                    draw_grid(points, metric, pair),
                ),
                Chart(
                    f"Does the effect of {pair[0]} depend on {pair[1]}?",
                    "Parallel lines: the factors do not depend on each other. Bars: 95 % intervals over seeds.",
                    draw_interaction(points, metric, pair),
                ),
            ]
    return tuple(found)


def _effects_chart(plan: Plan, results: StudyResults) -> Chart | None:
    metric = plan.select.by
    points = effect_points(results, metric)
    if not points:
        return None
    note = (
        "Paired by seed. An interval that crosses zero leaves the direction open. "
        "Exploratory: only claims were declared before the run."
    )
    return Chart("Effects against the baseline", note, draw_effects(points, metric, plan.baseline))
