"""From the results of a run to the content of its report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ceteris.api.gallery import Gallery, load_gallery, most_confident
from ceteris.api.results import Results
from ceteris.execute.artifacts import Split, read_predictions, read_weights_file, trial_folder
from ceteris.records import Predictions, StoredTrial
from ceteris.report.content import ReportContent, training_rows
from ceteris.report.figures import (
    calibration_charts,
    charts_of,
    claims_chart_of,
    class_rows,
    cost_charts_of,
    diagrams_of,
    factor_charts_of,
)
from ceteris.report.html import render_html
from ceteris.report.images import Picture, confusion, png_uri
from ceteris.report.kernels import KernelPicture, kernel_pictures
from ceteris.report.methods import checklists, methods_paragraph
from ceteris.study.resolved import resolved_yaml
from ceteris.study.shapes import check_shapes

__all__ = ["report_html"]

SPLITS: tuple[Split, ...] = ("validation", "test")


def report_html(results: Results) -> str:
    """Return the report as one HTML page."""
    return render_html(report_content(results))


def report_content(results: Results) -> ReportContent:
    """Gather everything the report shows, from the run's folder alone."""
    manifest, summary = results.manifest, results.summary
    effects, curves = charts_of(manifest.plan, summary)
    samples, mistakes = _pictures(results)
    predictions = _predictions(results)
    names = _class_names(results)
    summaries = check_shapes(manifest.plan, manifest.descriptions)
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
        summaries=summaries,
        diagrams=diagrams_of(manifest.plan, summaries, manifest.descriptions),
        effects_chart=effects,
        claims_chart=claims_chart_of(summary),
        cost_charts=cost_charts_of(manifest.plan, summary, summaries),
        kernels=_kernels(results),
        classes=class_rows(predictions, names),
        calibration=calibration_charts(predictions),
        factor_charts=factor_charts_of(manifest.plan, summary),
        curves=curves,
        confusions={
            split: matrix
            for split, items in predictions.items()
            if (matrix := confusion(items, names)) is not None
        },
        samples=samples,
        mistakes=mistakes,
        data_notes=tuple(notes),
        resolved_yaml=resolved_yaml(manifest.plan),
        training=training_rows(manifest.plan, summary),
        environments=_environments(summary.trials),
        methods=methods_paragraph(manifest.plan, summary, manifest.descriptions),
        checklists=checklists(manifest.plan, summary),
    )


def _predictions(results: Results) -> dict[str, list[Predictions]]:
    """Split -> the selected variant's predictions, one per seed."""
    chosen = results.summary.selected
    found: dict[str, list[Predictions]] = {}
    for trial in results.summary.trials:
        if chosen is None or trial.variant != chosen.variant or trial.status != "done":
            continue
        for split in SPLITS:
            item = read_predictions(trial_folder(results.folder, trial.identity), split)
            if item is not None:
                found.setdefault(split, []).append(item)
    return found


def _class_names(results: Results) -> tuple[str, ...]:
    chosen = results.summary.selected
    name = chosen.variant if chosen else results.manifest.plan.variants[0].name
    return results.manifest.descriptions[name].class_names


def _kernels(results: Results) -> dict[str, tuple[KernelPicture, ...]]:
    """Variant -> pictures of the kernels of its first finished seed, the selected variant first."""
    chosen = results.summary.selected
    names = [variant.name for variant in results.manifest.plan.variants]
    names.sort(key=lambda name: chosen is None or name != chosen.variant)
    found = {}
    for name in names:
        trial = next(_finished(results, name), None)
        if trial is not None:
            weights, _ = read_weights_file(trial_folder(results.folder, trial.identity))
            found[name] = tuple(kernel_pictures(weights))
    return {name: pictures for name, pictures in found.items() if pictures}


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
    return None if chosen is None else next(_finished(results, chosen.variant), None)


def _finished(results: Results, variant: str) -> Iterator[StoredTrial]:
    """Yield a variant's finished trials on the training part."""
    for trial in results.summary.trials:
        if trial.variant == variant and trial.fit_on == "train" and trial.status == "done":
            yield trial


def _environments(trials: tuple[StoredTrial, ...]) -> tuple[Mapping[str, object], ...]:
    distinct = {
        tuple(sorted(trial.environment.items())): trial.environment
        for trial in trials
        if trial.environment
    }
    return tuple(distinct.values())
