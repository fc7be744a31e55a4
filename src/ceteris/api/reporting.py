"""From the results of a run to the content of its report."""

from __future__ import annotations

from collections.abc import Mapping

from ceteris.api.gallery import Gallery, load_gallery, most_confident
from ceteris.api.results import Results
from ceteris.execute.artifacts import read_predictions, trial_folder
from ceteris.records import Predictions, StoredTrial
from ceteris.report.content import ReportContent, charts_of, factor_charts_of, training_rows
from ceteris.report.html import render_html
from ceteris.report.images import Confusion, Picture, confusion, png_uri
from ceteris.report.methods import checklists, methods_paragraph
from ceteris.study.resolved import resolved_yaml
from ceteris.study.shapes import check_shapes

__all__ = ["report_html"]


def report_html(results: Results) -> str:
    """Return the report as one HTML page."""
    return render_html(report_content(results))


def report_content(results: Results) -> ReportContent:
    """Gather everything the report shows, from the run's folder alone."""
    manifest, summary = results.manifest, results.summary
    effects, curves = charts_of(manifest.plan, summary)
    samples, mistakes = _pictures(results)
    notes = [f"{item.source}: {note}" for item in manifest.data for note in item.notes]
    notes += [f"{item.source}: fingerprint {item.fingerprint}" for item in manifest.data]
    notes += sorted(
        {
            f"{trial.variant}: {note}"
            for trial in summary.trials
            for note in trial.observed.get("preprocessing_notes", [])
        }
    )
    return ReportContent(
        plan=manifest.plan,
        results=summary,
        descriptions=manifest.descriptions,
        summaries=check_shapes(manifest.plan, manifest.descriptions),
        effects_chart=effects,
        factor_charts=factor_charts_of(manifest.plan, summary),
        curves=curves,
        confusions=_confusions(results),
        samples=samples,
        mistakes=mistakes,
        data_notes=tuple(notes),
        resolved_yaml=resolved_yaml(manifest.plan),
        training=training_rows(manifest.plan, summary),
        environments=_environments(summary.trials),
        methods=methods_paragraph(manifest.plan, summary, manifest.descriptions),
        checklists=checklists(manifest.plan, summary),
    )


def _confusions(results: Results) -> dict[str, Confusion]:
    chosen = results.summary.selected
    if chosen is None:
        return {}
    names = results.manifest.descriptions[chosen.variant].class_names
    found: dict[str, Confusion] = {}
    for split in ("validation", "test"):
        items = [
            read_predictions(trial_folder(results.folder, trial.identity), split)
            for trial in results.summary.trials
            if trial.variant == chosen.variant and trial.status == "done"
        ]
        matrix = confusion([item for item in items if item is not None], names)
        if matrix is not None:
            found[split] = matrix
    return found


def _pictures(results: Results) -> tuple[tuple[Picture, ...], tuple[Picture, ...]]:
    gallery = load_gallery(results.folder)
    chosen = results.summary.selected
    if gallery is None:
        return (), ()
    variant = chosen.variant if chosen else results.manifest.plan.variants[0].name
    names = results.manifest.descriptions[variant].class_names
    samples = tuple(
        Picture(png_uri(gallery.images[k], gallery.maximum), names[gallery.labels[k]])
        for k in range(gallery.num_samples)
    )
    predictions = _first_predictions(results)
    return samples, () if predictions is None else _mistakes(gallery, predictions, names)


def _mistakes(
    gallery: Gallery, predictions: Predictions, names: tuple[str, ...]
) -> tuple[Picture, ...]:
    place = {int(index): k for k, index in enumerate(gallery.ids) if k >= gallery.num_samples}
    pictures = []
    for row in most_confident(predictions):
        index = int(predictions.ids[row])
        if index not in place:
            continue
        guess = int(predictions.probabilities[row].argmax())
        probability = float(predictions.probabilities[row, guess])
        uri = png_uri(gallery.images[place[index]], gallery.maximum)
        truth = names[int(predictions.labels[row])]
        pictures.append(Picture(uri, truth, names[guess], probability, index))
    return tuple(pictures)


def _first_predictions(results: Results) -> Predictions | None:
    trial = first_selected_trial(results)
    if trial is None:
        return None
    return read_predictions(trial_folder(results.folder, trial.identity), "validation")


def first_selected_trial(results: Results) -> StoredTrial | None:
    """Return the selected variant's first finished trial on the training part."""
    chosen = results.summary.selected
    mine = (
        trial
        for trial in results.summary.trials
        if chosen
        and trial.variant == chosen.variant
        and trial.fit_on == "train"
        and trial.status == "done"
    )
    return next(mine, None)


def _environments(trials: tuple[StoredTrial, ...]) -> tuple[Mapping[str, object], ...]:
    distinct = {
        tuple(sorted(trial.environment.items())): trial.environment
        for trial in trials
        if trial.environment
    }
    return tuple(distinct.values())
