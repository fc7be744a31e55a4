"""The first images of every part of the data, five by five, with their classes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from paribus.errors import Problem, StudyError, did_you_mean
from paribus.pictures.base.ended import EndedRun, Ids
from paribus.pictures.base.entry import Entry
from paribus.pictures.base.kept import Gallery, Kept
from paribus.pictures.base.panels import Cell, Grid, Grids, Line
from paribus.pictures.base.picking import guessed, picture
from paribus.pictures.base.picture_grid import is_wrong
from paribus.pictures.base.png import Picture
from paribus.pictures.base.sheet import sheet_png
from paribus.pictures.base.sheets import saved_png

__all__ = ["ENTRY", "FirstImages", "Part", "choices", "keeps", "panels", "show"]

ENTRY = Entry(
    "The first images of every part",
    "The first 25 images of training, validation and (once opened) test, five by five; wrong guesses stand out.",
    70,
    ("images", "predictions"),
    "images",
)
Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = ("train", "validation", "test")
COLUMNS = 5
FIRST = 25
"""Number of images of each part, in five rows of five."""


def keeps(ended: EndedRun) -> Iterator[tuple[str, Ids]]:
    """Yield the first images of training and validation, and of the test set once it was opened."""
    for part in PARTS:
        if part != "test" or "test" in ended.predictions:
            yield part, ended.parts[part][:FIRST]


@dataclass(frozen=True)
class FirstImages:
    """A sheet of the first images of one part of the data."""

    part: Part
    pictures: tuple[Picture, ...]
    """Images, with the network's predictions if there are any."""
    images: tuple[npt.NDArray[np.uint8], ...]
    maximum: int
    variant: str | None
    """Variant whose first network made the predictions; None without predictions."""

    @property
    def title(self) -> str:
        """Title, which names the part and the variant."""
        return f"The first {len(self)} {self.part} images"

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.pictures)

    @cached_property
    def png(self) -> bytes:
        """All images as one PNG, magnified without smoothing."""
        captions = [
            (item.truth + (f"\nsaid {item.guess}" if item.guess else ""), is_wrong(item))
            for item in self.pictures
        ]
        return sheet_png(self.images, captions, self.maximum, COLUMNS)

    def _repr_png_(self) -> bytes:
        """Return what a notebook shows."""
        return self.png

    def save(self, path: str | Path) -> Path:
        """Write the PNG; return its path.

        Raises:
            StudyError: the path does not end in .png.
            StoreError: the file cannot be written.
        """
        return saved_png(path, self.png)

    def files(self, name: str) -> Iterator[tuple[str, bytes]]:
        """Yield the sheet as one PNG file."""
        yield name, self.png

    def panel(self, anchor: str) -> Grids:
        """Return one grid, five images in a row."""
        return Grids(anchor, self.title, (self.grid(),))

    def grid(self) -> Grid:
        """Return the images for the page; of validation and test, only those with a prediction."""
        shown = [item for item in self.pictures if item.guess or self.part == "train"]
        title = f"The first {len(shown)} {self.part} images"
        return Grid(tuple(self._cell(item) for item in shown), title, five=True)

    def _cell(self, item: Picture) -> Cell:
        alt = f"{self.part} image {item.name}: {item.truth}"
        alt += f", taken for {item.guess}" if item.guess else ""
        said = (Line(f"said {item.guess}", "refuted"),) if is_wrong(item) else ()
        return Cell(item.uri, alt, (Line(item.truth), *said))


def choices(kept: Kept) -> tuple[str, ...]:
    """Return the parts of the data whose first images are stored."""
    gallery = kept.images()
    return tuple(part for part in PARTS if gallery is not None and part in gallery.groups)


def show(kept: Kept, part: Part, *, guesses: bool = True) -> FirstImages | None:
    """Return the first images of a part of the data, five by five, with their classes.

    Args:
        kept: what the run has kept.
        part: ``train``, ``validation`` or ``test``.
        guesses: whether to show the selected variant's predictions, wrong ones in red. Training images
            have none.

    Returns:
        None if the run has stored no such images, for example of a test set that was not opened.

    Raises:
        StudyError: the part is unknown.
    """
    if part not in PARTS:
        rule = f"must be one of {', '.join(PARTS)}"
        raise StudyError(Problem("part", rule, repr(part), did_you_mean(part, PARTS)))
    gallery = kept.images()
    if gallery is None or part not in gallery.groups:
        return None
    ids = [int(index) for index in gallery.groups[part]]
    said = _guesses(kept, gallery, part, ids) if guesses else {}
    return FirstImages(
        part,
        tuple(said.get(index) or picture(kept, gallery, index) for index in ids),
        tuple(gallery.images[gallery.place(index)] for index in ids),
        gallery.maximum,
        kept.selected,
    )


def panels(sheets: Sequence[FirstImages]) -> Iterator[Grids]:
    """Yield the parts side by side, below the heading of the training images."""
    grids = {sheet.part: grid for sheet in sheets if (grid := sheet.grid()).cells}
    closing = ""
    if "validation" in grids:
        whose = f"Guesses are those of {sheets[0].variant}, first seed"
        closing = f"{whose}; only wrong ones are written out."
    yield Grids("first", "", tuple(grids.values()), side_by_side=True, closing=closing)


def _guesses(kept: Kept, gallery: Gallery, part: Part, ids: Sequence[int]) -> dict[int, Picture]:
    """Return index -> the image with the prediction of the selected variant's first network."""
    predictions = None if part == "train" else kept.predictions(part)
    if predictions is None:
        return {}
    return {item.index: item for item in guessed(kept, gallery, predictions, ids)}
