"""Pictures as PNG: the first images of every part of the data, and all that `paribus figures` writes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from paribus.api.report.reporting import first_selected_trial, gallery_of
from paribus.api.results.damage import Damage
from paribus.api.run.folder import write_bytes
from paribus.errors import Problem, StudyError, did_you_mean
from paribus.execute.artifacts import read_predictions, trial_folder
from paribus.pictures.sheet import sheet_png
from paribus.records import Predictions

if TYPE_CHECKING:
    from paribus.api.results.record import Results

__all__ = ["Part", "PngPicture", "first_images", "picture_files", "saved_png"]

Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = ("train", "validation", "test")
COLUMNS = 5


@dataclass(frozen=True)
class PngPicture:
    """A picture in PNG; notebooks show it, `save` writes it."""

    title: str
    note: str
    png: bytes

    def _repr_png_(self) -> bytes:
        """Return the PNG that a notebook shows."""
        return self.png

    def save(self, path: str | Path) -> Path:
        """Write the PNG; return its path.

        Raises:
            StudyError: the path does not end in .png.
            StoreError: the file cannot be written.
        """
        return saved_png(path, self.png)


def saved_png(path: str | Path, content: bytes) -> Path:
    """Write a PNG; return its path.

    Raises:
        StudyError: the path does not end in .png.
        StoreError: the file cannot be written.
    """
    path = Path(path)
    if path.suffix != ".png":
        raise StudyError(Problem(str(path), "must end in .png", repr(path.suffix)))
    write_bytes(path, content)
    return path


def first_images(results: Results, part: Part, *, guesses: bool = True) -> PngPicture | None:
    """Return the first images of a part of the data, five by five, with their classes.

    Args:
        results: of a run.
        part: ``train``, ``validation`` or ``test``.
        guesses: write what the selected variant says as well, wrong guesses in red. Training
            images have none.

    Returns:
        None where the run has kept no such images: a test set that was not opened stays unseen.

    Raises:
        StudyError: there is no such part.
    """
    if part not in PARTS:
        rule = f"must be one of {', '.join(PARTS)}"
        raise StudyError(Problem("part", rule, repr(part), did_you_mean(part, PARTS)))
    gallery = gallery_of(results)
    if gallery is None or part not in gallery.groups:
        return None
    places = [gallery.place(int(index)) for index in gallery.groups[part]]
    names = results.class_names
    found = _guesses(results, part) if guesses else {}
    captions = []
    for place in places:
        truth, guess = int(gallery.labels[place]), found.get(int(gallery.ids[place]))
        said = "" if guess is None else f"\nsaid {names[guess]}"
        captions.append((f"{names[truth]}{said}", guess not in (None, truth)))
    images = [gallery.images[place] for place in places]
    png = sheet_png(images, captions, gallery.maximum, COLUMNS)
    return PngPicture(f"The first {len(places)} {part} images", "", png)


def _guesses(results: Results, part: Part) -> dict[int, int]:
    """Return id of an image -> class that the selected variant's first network predicts."""
    trial = first_selected_trial(results)
    if trial is None or part == "train":
        return {}
    found: Predictions | None = read_predictions(trial_folder(results.folder, trial.identity), part)
    if found is None:
        return {}
    said = found.probabilities.argmax(1)
    return dict(zip(map(int, found.ids), map(int, said), strict=True))


def picture_files(results: Results, damage: Damage) -> Iterator[tuple[str, bytes]]:
    """Yield (file name, PNG) of all kernels and of the first images of every part.

    Args:
        results: of a run.
        damage: collects files that cannot be read; their pictures are left out.
    """
    nothing: Sequence[PngPicture] = ()
    for variant in results.manifest.plan.variants:
        kernels = partial(results.images.kernels, variant.name)
        for picture in damage.part(kernels, nothing):
            yield f"kernels-{_slug(picture.title)}.png", picture.png
    for part in PARTS:
        found = damage.part(partial(results.images.first, part), None)
        if found is not None:
            yield f"first-{part}.png", found.png


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "picture"
