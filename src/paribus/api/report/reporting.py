"""Collection of a report's content from the folder of a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from paribus.api.report.gallery import FILE as GALLERY
from paribus.api.report.gallery import Gallery, disagreements, load_gallery
from paribus.api.report.kept_insight import load_insight
from paribus.api.results.damage import Damage
from paribus.charts import ShownStudy, by_section
from paribus.execute.artifacts import (
    WEIGHTS,
    Split,
    read_predictions,
    read_weights_file,
    trial_folder,
)
from paribus.execute.sealed import BROKEN, damaged
from paribus.judge.confusion import Confusion, ConfusionDifference, confusion, confusion_difference
from paribus.judge.reading import layers_of
from paribus.pictures.attribution_maps import InsightPictures, insight_pictures
from paribus.pictures.kernels import KernelPicture, kernel_pictures
from paribus.pictures.png import Picture, png_uri
from paribus.records import Predictions, StoredTrial
from paribus.report.content import ReportContent, training_rows
from paribus.report.html import render_html
from paribus.report.methods import checklists, methods_paragraph
from paribus.study.resolved import resolved_yaml
from paribus.study.shapes import check_shapes
from paribus.tables.classes import class_rows

if TYPE_CHECKING:
    from paribus.api.results.record import Results

__all__ = [
    "disagreements_of",
    "gallery_of",
    "kernels_of",
    "pictures_of",
    "report_content",
    "report_html",
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
    kept = _kept_parts(results, shown, damage)
    findings = dict.fromkeys((*damage.findings(), *results.summary.findings))
    manifest, summary = results.manifest, replace(results.summary, findings=tuple(findings))
    shown = replace(shown, results=summary)
    return ReportContent(
        plan=manifest.plan,
        results=summary,
        descriptions=manifest.descriptions,
        summaries=shown.summaries,
        charts=by_section(shown),
        data_notes=_notes(results),
        resolved_yaml=resolved_yaml(manifest.plan),
        training=training_rows(manifest.plan, summary),
        environments=_environments(summary.trials),
        methods=methods_paragraph(manifest.plan, summary, manifest.descriptions),
        checklists=checklists(manifest.plan, summary),
        **kept,
    )


def shown_study(results: Results, damage: Damage) -> ShownStudy:
    """Return the plain data that the charts and tables of a run are made from.

    Args:
        results: of the run.
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


def _kept_parts(results: Results, shown: ShownStudy, damage: Damage) -> dict[str, Any]:
    """Return the parts that are made from the files of trials."""
    return {
        "kernels": _kernels(results, damage),
        "classes": class_rows(shown),
        "confusions": shown.confusions,
        "confusion_difference": shown.confusion_difference,
        "pictures": damage.part(lambda: pictures_of(results), {}),
        "disagreements": damage.part(lambda: disagreements_of(results), ()),
        "insight": damage.part(lambda: _insight(results), None),
    }


def _notes(results: Results) -> tuple[str, ...]:
    """Return notes about the data sets and their preprocessing."""
    sources = results.manifest.data
    notes = [f"{item.source}: {note}" for item in sources for note in item.lines()]
    notes += [f"{item.source}: fingerprint {item.fingerprint}" for item in sources]
    said = {
        f"{trial.variant}: {note}"
        for trial in results.summary.trials
        for note in trial.observed.get("preprocessing_notes", [])
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


def _class_names(results: Results) -> tuple[str, ...]:
    return results.class_names


def _kernels(results: Results, damage: Damage) -> dict[str, tuple[KernelPicture, ...]]:
    """Return variant -> pictures of the kernels of its first finished seed; the selected variant is first."""
    chosen = results.summary.selected
    names = [variant.name for variant in results.manifest.plan.variants]
    names.sort(key=lambda name: chosen is None or name != chosen.variant)
    found = {name: damage.part(partial(kernels_of, results, name), ()) for name in names}
    return {name: pictures for name, pictures in found.items() if pictures}


def _insight(results: Results) -> InsightPictures | None:
    """Draw activations and attributions of the selected variant's first network, if the run stored them."""
    trial, found = first_selected_trial(results), load_insight(results)
    if trial is None or found is None:
        return None
    return insight_pictures(found, _class_names(results), trial.variant, trial.seed)


def kernels_of(results: Results, variant: str) -> tuple[KernelPicture, ...]:
    """Return pictures of the kernels of a variant's first finished seed, in the order of its layers."""
    trial = next(_finished(results, variant), None)
    if trial is None:
        return ()
    folder = trial_folder(results.folder, trial.identity)
    weights, _ = read_weights_file(folder)
    (model,) = (item.model for item in results.manifest.plan.variants if item.name == variant)
    order = [arguments["name"] for _, arguments in layers_of(model)]
    try:
        pictures = kernel_pictures(weights)  # the order in the file is not the order of the layers
    except BROKEN as error:
        raise damaged(folder / WEIGHTS, "others", rule="must hold the network's kernels") from error
    if any(picture.layer not in order for picture in pictures):
        raise damaged(folder / WEIGHTS, "others", rule="must hold the network's kernels")
    return tuple(sorted(pictures, key=lambda picture: order.index(picture.layer)))


def pictures_of(results: Results) -> dict[str, tuple[Picture, ...]]:
    """Return group -> pictures; groups are samples, first images of each part, mistakes, disagreements."""
    gallery = gallery_of(results)
    if gallery is None:
        return {}
    names = _class_names(results)
    found = {
        name: tuple(_picture(gallery, int(index), names) for index in ids)
        for name, ids in gallery.groups.items()
        if name in ("samples", "train")
    }
    for split in SPLITS:
        predictions = _first_predictions(results, split)
        if split in gallery.groups and predictions is not None:
            ids = gallery.groups[split]
            found[split] = _guessed(gallery, predictions, ids, names)
    predictions = _first_predictions(results, "validation")
    if predictions is not None and "mistakes" in gallery.groups:
        ids = gallery.groups["mistakes"]
        found["mistakes"] = _guessed(gallery, predictions, ids, names)
    return found


def gallery_of(results: Results) -> Gallery | None:
    """Return the stored images, whose labels are checked against the classes; None if there are none.

    Raises:
        TrialError: the file is damaged.
    """
    found = load_gallery(results.folder)
    if found is not None and found.labels.max(initial=0) >= len(_class_names(results)):
        path = results.folder / "artifacts" / GALLERY
        raise damaged(path, "labels of others", rule="must show the study's classes")
    return found


def _picture(gallery: Gallery, index: int, names: Sequence[str]) -> Picture:
    place = gallery.place(index)
    uri = png_uri(gallery.images[place], gallery.maximum)
    file = gallery.files[place] if gallery.files else ""
    return Picture(uri, names[gallery.labels[place]], index=index, file=file)


def _guessed(
    gallery: Gallery, predictions: Predictions, ids: Iterable[int], names: Sequence[str]
) -> tuple[Picture, ...]:
    """Return pictures with the prediction of a network as caption."""
    rows = {int(index): row for row, index in enumerate(predictions.ids)}
    pictures = []
    for index in map(int, ids):
        if index in rows:
            values = predictions.probabilities[rows[index]]
            guess = int(values.argmax())
            plain = _picture(gallery, index, names)
            pictures.append(replace(plain, guess=names[guess], probability=float(values[guess])))
    return tuple(pictures)


def disagreements_of(results: Results) -> tuple[tuple[Picture, str], ...]:
    """Return images on which the variants' first networks disagree, with their predictions."""
    gallery = gallery_of(results)
    if gallery is None:
        return ()
    names = _class_names(results)
    predictions = [
        read_predictions(trial_folder(results.folder, trial.identity), "validation")
        for trial in first_trials(results)
    ]
    kept = set(map(int, gallery.groups.get("disagreements", ())))
    return tuple(
        (
            _picture(gallery, row.index, names),
            ", ".join(f"{count} say {names[guess]}" for guess, count in row.guesses),
        )
        for row in disagreements([item for item in predictions if item is not None])
        if row.index in kept
    )


def _first_predictions(results: Results, split: Split) -> Predictions | None:
    trial = first_selected_trial(results)
    if trial is None:
        return None
    return read_predictions(trial_folder(results.folder, trial.identity), split)


def first_selected_trial(results: Results) -> StoredTrial | None:
    """Return the selected variant's first finished trial on the training part."""
    chosen = results.summary.selected
    return None if chosen is None else next(_finished(results, chosen.variant), None)


def first_trials(results: Results) -> list[StoredTrial]:
    """Return every variant's first finished trial on the training part."""
    names = [variant.name for variant in results.manifest.plan.variants]
    found = (next(_finished(results, name), None) for name in names)
    return [trial for trial in found if trial is not None]


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
