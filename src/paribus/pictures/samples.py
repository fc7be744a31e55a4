"""Training images of every class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from paribus.pictures.base.ended import EndedRun, Ids
from paribus.pictures.base.entry import Entry
from paribus.pictures.base.kept import Kept
from paribus.pictures.base.panels import Cell, Grid, Grids, Line
from paribus.pictures.base.picking import picture
from paribus.pictures.base.sheets import ImageSheet

__all__ = ["ENTRY", "keeps", "panels", "show"]

ENTRY = Entry(
    "Training images, class by class", "Training images of every class.", 50, ("images",), "images"
)

SAMPLES_PER_CLASS = 2
MAX_SAMPLES = 40


def keeps(ended: EndedRun) -> Iterator[tuple[str, Ids]]:
    """Yield the first training images of every class, of the first twenty classes at most."""
    train = ended.parts["train"]
    classes = range(min(ended.num_classes, MAX_SAMPLES // SAMPLES_PER_CLASS))
    chosen = [train[ended.labels[train] == label][:SAMPLES_PER_CLASS] for label in classes]
    yield "samples", np.concatenate([train[:0], *chosen])


def show(kept: Kept) -> ImageSheet:
    """Return the first training images of every class."""
    gallery = kept.images()
    ids = () if gallery is None else gallery.groups.get("samples", ())
    found = () if gallery is None else tuple(picture(kept, gallery, int(index)) for index in ids)
    return ImageSheet(ENTRY.title, found)


def panels(sheets: Sequence[ImageSheet]) -> Iterator[Grids]:
    """Yield the grid under a heading that it shares with the first images."""
    for sheet in sheets:
        cells = tuple(
            Cell(item.uri, f"a training image of class {item.truth}", (Line(item.truth),))
            for item in sheet.pictures
        )
        yield Grids("samples", "Images", (Grid(cells, sheet.title),))
