"""Pictures of a run that are not charts: kernels, and the first images of every part of the data."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ceteris.api.folder import write_bytes
from ceteris.api.gallery import load_gallery
from ceteris.api.reporting import first_selected_trial, kernels_of
from ceteris.errors import Problem, StudyError, did_you_mean
from ceteris.execute.artifacts import read_predictions, trial_folder
from ceteris.records import Predictions
from ceteris.report.sheet import sheet_png

if TYPE_CHECKING:
    from ceteris.api.results import Results

__all__ = ["Pictures", "PngPicture", "picture_files"]

Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = ("train", "validation", "test")
COLUMNS = 5


@dataclass(frozen=True)
class PngPicture:
    """A picture: shown by notebooks, or saved."""

    title: str
    note: str
    png: bytes

    def _repr_png_(self) -> bytes:
        """Return what a notebook shows."""
        return self.png

    def save(self, path: str | Path) -> Path:
        """Write the PNG; return its path.

        Raises:
            StudyError: the path does not end in .png.
            StoreError: the file cannot be written.
        """
        path = Path(path)
        if path.suffix != ".png":
            raise StudyError(Problem(str(path), "must end in .png", repr(path.suffix)))
        write_bytes(path, self.png)
        return path


@dataclass(frozen=True)
class Pictures:
    """The pictures of a run."""

    results: Results

    def kernels(self, variant: str | None = None) -> list[PngPicture]:
        """Return the kernels of every convolution, first seed, one picture per layer.

        Args:
            variant: of the run; the selected one by default, else the baseline.

        Raises:
            StudyError: the variant is unknown.
        """
        chosen, plan = self.results.summary.selected, self.results.manifest.plan
        name = variant or (chosen.variant if chosen else plan.baseline)
        names = [item.name for item in plan.variants]
        if name not in names:
            fix = did_you_mean(name, names)
            raise StudyError(Problem("variant", "must name a variant of the run", repr(name), fix))
        return [
            PngPicture(f"{name}: {item.layer}", item.caption, _bytes(item.uri))
            for item in kernels_of(self.results, name)
        ]

    def first(self, part: Part, *, guesses: bool = True) -> PngPicture | None:
        """Return the first images of a part of the data, five by five, with their classes.

        Args:
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
        gallery = load_gallery(self.results.folder)
        if gallery is None or part not in gallery.groups:
            return None
        places = [gallery.place(int(index)) for index in gallery.groups[part]]
        names = self.results.class_names
        found = self._guesses(part) if guesses else {}
        captions = []
        for place in places:
            truth, guess = int(gallery.labels[place]), found.get(int(gallery.ids[place]))
            said = "" if guess is None else f"\nsaid {names[guess]}"
            captions.append((f"{names[truth]}{said}", guess not in (None, truth)))
        images = [gallery.images[place] for place in places]
        png = sheet_png(images, captions, gallery.maximum, COLUMNS)
        return PngPicture(f"The first {len(places)} {part} images", "", png)

    def _guesses(self, part: Part) -> dict[int, int]:
        """Id of an image -> class that the selected variant's first network says."""
        trial = first_selected_trial(self.results)
        if trial is None or part == "train":
            return {}
        found: Predictions | None = read_predictions(
            trial_folder(self.results.folder, trial.identity), part
        )
        if found is None:
            return {}
        said = found.probabilities.argmax(1)
        return dict(zip(map(int, found.ids), map(int, said), strict=True))


def picture_files(results: Results) -> Iterator[tuple[str, bytes]]:
    """Yield (file name, PNG) of all kernels and of the first images of every part."""
    for variant in results.manifest.plan.variants:
        for picture in results.pictures.kernels(variant.name):
            yield f"kernels-{_slug(picture.title)}.png", picture.png
    for part in PARTS:
        found = results.pictures.first(part)
        if found is not None:
            yield f"first-{part}.png", found.png


def _bytes(uri: str) -> bytes:
    return base64.b64decode(uri.partition(",")[2])


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "picture"
