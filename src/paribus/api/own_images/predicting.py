"""Classification and test of a user's own images by the trained networks of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from paribus.api.own_images.asked import (
    chosen_variant,
    class_names,
    network_of,
    read_own,
    trained_trials,
)
from paribus.api.results.record import Results
from paribus.charts.base.learning import (
    draw_learning_curve,
    examples_of,
    learning_points,
    series_of,
)
from paribus.data.pictures.foreign import Own, counts_of, labelled_files
from paribus.durable import write_bytes
from paribus.judge.confusion import Confusion, confusion
from paribus.judge.statistics.crossed import crossed_spread
from paribus.judge.statistics.effects import Interval
from paribus.judge.statistics.samples import Sample
from paribus.pictures.base.sheet import sheet_png
from paribus.records import Predictions, Variant

__all__ = [
    "Guess",
    "OwnTest",
    "OwnVariant",
    "predict",
    "test_on",
    "write_learning_curve",
    "write_sheet",
]

Bytes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Guess:
    """Classification of one image by all networks of a variant."""

    file: Path
    label: str
    """The class with the highest mean probability over seeds."""
    probability: float
    agreeing: int
    """Number of networks that predict this class."""
    networks: int
    probabilities: Mapping[str, float]
    seen: Bytes
    """``(height, width, channel)``: the image before the study's preprocessing."""
    variant: str
    treated: Numbers
    """The image after the preprocessing of the first seed's network."""
    notes: tuple[str, ...] = ()
    """Changes made to the image, and warnings about it."""


@dataclass(frozen=True)
class _Said:
    """Predictions of all networks of a variant for several images."""

    own: Own
    treated: Numbers
    """The images after the preprocessing of the first seed's network."""
    probabilities: Mapping[int, Numbers]
    """Seed -> ``(example, class)``."""


@dataclass(frozen=True)
class OwnVariant:
    """Accuracy of one variant on the user's own images."""

    name: str
    accuracies: Mapping[int, float]
    """Seed -> share of the images that its network gets right."""
    interval: Interval
    """Mean accuracy with its 95 % interval; seeds and images both count as samples."""


@dataclass(frozen=True)
class OwnTest:
    """Accuracy of all variants on the user's own images, whose classes are known."""

    folder: Path
    num_images: int
    variants: tuple[OwnVariant, ...]
    shown: str
    """Name of the variant that the confusion matrix and the predictions are of."""
    confusion: Confusion
    guesses: tuple[Guess, ...]
    truths: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON; a number that does not exist is null."""
        return {
            "folder": str(self.folder),
            "images": self.num_images,
            "variants": [
                {
                    "name": row.name,
                    "n": row.interval.n,
                    "mean": row.interval.mean,
                    "low": _known(row.interval.low),
                    "high": _known(row.interval.high),
                    "seeds": {str(seed): value for seed, value in row.accuracies.items()},
                }
                for row in self.variants
            ],
            "notes": list(counts_of(guess.notes for guess in self.guesses)),
            "confusion": {
                "variant": self.shown,
                "classes": list(self.confusion.class_names),
                "counts": [list(row) for row in self.confusion.counts],
            },
            "wrong": [
                {"file": str(guess.file), "truth": truth, "guess": guess.label}
                for guess, truth in zip(self.guesses, self.truths, strict=True)
                if guess.label != truth
            ],
        }


def predict(results: Results, files: Sequence[Path], variant: str | None = None) -> list[Guess]:
    """Classify images by all networks of one variant.

    Args:
        results: results of a run.
        files: PNG or JPEG images of anything the study knows.
        variant: its name; the selected one (or the baseline) by default.

    Raises:
        DataError: images that cannot be read.
        StudyError: the variant is unknown.
        StoreError: the run has no trained network of it.
    """
    chosen = chosen_variant(results, variant)
    return _guesses(results, chosen, files, _said(results, chosen, files))


def test_on(results: Results, folder: Path, only: Sequence[str] = ()) -> OwnTest:
    """Test every variant and seed on a folder of own images, one folder per class.

    These images take no part in training or in choosing; still, testing again and again on them
    would make them part of the choice.

    Args:
        results: results of a run.
        folder: folder with one subfolder per class, named like the class.
        only: names of variants; by default all.

    Raises:
        DataError: folders that are no classes, images that cannot be read.
        StudyError: a variant is unknown.
        StoreError: the run has no trained network of a variant.
    """
    shown = chosen_variant(results, only[0] if only else None)
    names = class_names(results, shown)
    files, labels = labelled_files(folder, names)
    truth = np.array(labels, dtype=np.int64)
    rows: list[OwnVariant] = []
    kept: _Said | None = None
    for name in only or [variant.name for variant in results.manifest.plan.variants]:
        variant = chosen_variant(results, name)
        said = _said(results, variant, files)
        kept = said if variant == shown else kept
        found = said.probabilities
        marks = np.stack([values.argmax(1) == truth for values in found.values()])
        right = {seed: float(own.mean()) for seed, own in zip(found, marks, strict=True)}
        rows.append(OwnVariant(name, right, _interval(marks)))
    assert kept is not None  # noqa: S101 - the shown variant is one of them
    predictions = [
        Predictions("test", np.arange(len(truth)), truth, values)
        for values in kept.probabilities.values()
    ]
    matrix = confusion(predictions, tuple(names))
    assert matrix is not None  # noqa: S101 - there is a trained network
    return OwnTest(
        folder,
        len(files),
        tuple(rows),
        shown.name,
        matrix,
        tuple(_guesses(results, shown, files, kept)),
        tuple(names[label] for label in labels),
    )


def write_sheet(path: Path, guesses: Sequence[Guess], truths: Sequence[str] = ()) -> None:
    """Write images as the networks see them, captioned with the prediction; wrong ones are coloured.

    Raises:
        StoreError: the file cannot be written.
    """
    captions = [
        (f"{truth} seen as {guess.label}" if truth != guess.label else truth, truth != guess.label)
        if truth
        else (f"{guess.label} ({guess.probability:.0%})", False)
        for guess, truth in zip(guesses, truths or [""] * len(guesses), strict=True)
    ]
    maximum = max((int(guess.seen.max()) for guess in guesses), default=255)
    write_bytes(path, sheet_png([guess.seen for guess in guesses], captions, max(maximum, 1)))


def write_learning_curve(path: Path, results: Results, found: OwnTest) -> None:
    """Write accuracy on own images against training examples, as SVG.

    Raises:
        StoreError: the file cannot be written.
    """
    examples = examples_of(results.summary)
    series = series_of(results.manifest.plan, examples)
    values = {row.name: list(row.accuracies.values()) for row in found.variants}
    points = learning_points(examples, series, values)
    svg = draw_learning_curve(points, f"accuracy on {found.num_images} own images")
    write_bytes(path, svg.encode())


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _interval(marks: npt.NDArray[np.bool_]) -> Interval:
    """Return the mean of a seeds x images table with its 95 % interval."""
    table = marks.astype(np.float64)
    sample = Sample(tuple(float(value) for value in table.mean(1)), crossed_spread(table))
    return Interval(sample.mean, *sample.interval(0.95), sample.std, sample.n)


def _said(results: Results, variant: Variant, files: Sequence[Path]) -> _Said:
    """Classify images by every network of a variant."""
    from paribus.engine.predict import predict_images

    own = read_own(results, files, variant)
    raw = own.images
    classes = len(class_names(results, variant))
    probabilities, treated = {}, None
    for trial in trained_trials(results, variant):
        with network_of(results, trial) as (weights, preprocessing):
            images = preprocessing.images(raw, np.arange(len(raw)))
            treated = images.array() if treated is None else treated
            probabilities[trial.seed] = predict_images(variant, weights, images, classes)
    assert treated is not None  # noqa: S101 - there is a trained network
    return _Said(own, treated, probabilities)


def _guesses(results: Results, variant: Variant, files: Sequence[Path], said: _Said) -> list[Guess]:
    names = class_names(results, variant)
    values = np.stack(list(said.probabilities.values()))
    mean = values.mean(0)
    guesses = []
    for index, file in enumerate(files):
        best = int(mean[index].argmax())
        guesses.append(
            Guess(
                file,
                names[best],
                float(mean[index, best]),
                int((values[:, index].argmax(1) == best).sum()),
                len(values),
                {name: float(mean[index, k]) for k, name in enumerate(names)},
                said.own.images[index],
                variant.name,
                said.treated[index],
                said.own.notes[index],
            )
        )
    return guesses
