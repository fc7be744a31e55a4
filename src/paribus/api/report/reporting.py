"""Collection of a report's content from the folder of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from paribus.api.report.kept import KeptByRun
from paribus.api.results.damage import Damage
from paribus.charts import ShownStudy, by_section
from paribus.execute.artifacts import Split, read_predictions, trial_folder
from paribus.judge.confusion import Confusion, ConfusionDifference, confusion, confusion_difference
from paribus.pictures import panels_by_section
from paribus.records import Predictions, StoredTrial
from paribus.report.content import ReportContent, training_rows
from paribus.report.html import render_html
from paribus.report.methods.checklists import checklists
from paribus.report.methods.paragraph import methods_paragraph
from paribus.study.resolved import resolved_yaml
from paribus.study.shapes import check_shapes
from paribus.tables.classes import class_rows

if TYPE_CHECKING:
    from paribus.api.results.record import Results

__all__ = [
    "report_content",
    "report_html",
    "selected_predictions",
    "shown_study",
]

SPLITS: tuple[Split, ...] = ("validation", "test")


def report_html(results: Results) -> str:
    """Return the report as one HTML page."""
    return render_html(report_content(results))


def report_content(results: Results) -> ReportContent:
    """Gather everything the report shows, from the run's folder alone.

    Parts that need a file that cannot be read are left out, and a finding names the file.
    """
    damage = Damage(results.folder)
    shown = shown_study(results, damage)
    pictures = panels_by_section(KeptByRun(results), damage.part)
    findings = dict.fromkeys((*damage.findings(), *results.summary.findings))
    manifest, summary = results.manifest, replace(results.summary, findings=tuple(findings))
    shown = replace(shown, results=summary)
    return ReportContent(
        plan=manifest.plan,
        results=summary,
        descriptions=manifest.descriptions,
        summaries=shown.summaries,
        charts=by_section(shown),
        pictures=pictures,
        classes=class_rows(shown),
        confusions=shown.confusions,
        confusion_difference=shown.confusion_difference,
        data_notes=_notes(results),
        resolved_yaml=resolved_yaml(manifest.plan),
        training=training_rows(manifest.plan, summary),
        environments=_environments(summary.trials),
        methods=methods_paragraph(manifest.plan, summary, manifest.descriptions),
        checklists=checklists(manifest.plan, summary),
    )


def shown_study(results: Results, damage: Damage) -> ShownStudy:
    """Return the plain data that the charts and tables of a run are made from.

    Args:
        results: results of the run.
        damage: collects files that cannot be read; charts that need them are left out.
    """
    manifest, names = results.manifest, results.class_names
    nothing: dict[str, list[Predictions]] = {}
    predictions = damage.part(lambda: selected_predictions(results), nothing)
    confusions = _confusions(predictions, names)
    return ShownStudy(
        manifest.plan,
        results.summary,
        check_shapes(manifest.plan, manifest.descriptions),
        manifest.descriptions,
        predictions,
        confusions,
        damage.part(lambda: _difference(results, confusions, names), None),
        names,
    )


def _notes(results: Results) -> tuple[str, ...]:
    """Return notes about the data sets and their preprocessing."""
    sources = results.manifest.data
    notes = [f"{item.source}: {note}" for item in sources for note in item.lines()]
    notes += [f"{item.source}: fingerprint {item.fingerprint}" for item in sources]
    said = {
        f"{trial.variant}: {note}"
        for trial in results.summary.trials
        for note in trial.observed.preprocessing_notes or ()
    }
    return (*notes, *sorted(said))


def _predictions(results: Results, variant: str | None) -> dict[str, list[Predictions]]:
    """Return split -> predictions of a variant, one per seed."""
    found: dict[str, list[Predictions]] = {}
    for trial in results.summary.trials:
        if trial.variant != variant or trial.status != "done":
            continue
        for split in SPLITS:
            item = read_predictions(trial_folder(results.folder, trial.identity), split)
            if item is not None:
                found.setdefault(split, []).append(item)
    return found


def _confusions(
    predictions: Mapping[str, Sequence[Predictions]], names: tuple[str, ...]
) -> dict[str, Confusion]:
    return {
        split: matrix
        for split, items in predictions.items()
        if (matrix := confusion(items, names)) is not None
    }


def selected_predictions(results: Results) -> dict[str, list[Predictions]]:
    """Return split -> the selected variant's predictions, one per seed; empty while none is selected."""
    chosen = results.summary.selected
    return _predictions(results, chosen.variant) if chosen else {}


def _difference(
    results: Results, own: Mapping[str, Confusion], names: tuple[str, ...]
) -> ConfusionDifference | None:
    """Compare the selected variant's validation matrix with the reference's, or the runner-up's."""
    chosen, reference = results.summary.selected, results.manifest.plan.reference
    if chosen is None or "validation" not in own:
        return None
    other = reference if chosen.variant != reference else chosen.runner_up
    found = confusion(_predictions(results, other).get("validation", []), names)
    if other is None or found is None or found.class_names != own["validation"].class_names:
        return None
    return confusion_difference((chosen.variant, own["validation"]), (other, found), "validation")


def _environments(trials: tuple[StoredTrial, ...]) -> tuple[Mapping[str, object], ...]:
    distinct = {
        tuple(sorted(trial.environment.items())): trial.environment
        for trial in trials
        if trial.environment
    }
    return tuple(distinct.values())
