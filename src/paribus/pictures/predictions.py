"""The first images of a part of the data, with the selected network's predictions."""

from __future__ import annotations

from paribus.errors import Problem, StudyError, did_you_mean
from paribus.execute.artifacts import Split
from paribus.pictures.base.entry import Entry
from paribus.pictures.base.kept import Gallery, Kept
from paribus.pictures.base.picking import guessed, whose
from paribus.pictures.base.sheets import ImageSheet
from paribus.records import Predictions

__all__ = ["ENTRY", "choices", "show"]

ENTRY = Entry(
    "The first images and what is said of them",
    "The first 25 images of a scored part, with what the selected variant's first network says, and how surely.",
    60,
    ("images", "predictions"),
)
SPLITS: tuple[Split, ...] = ("validation", "test")


def choices(kept: Kept) -> tuple[str, ...]:
    """Return the parts that the selected variant's first network was scored on."""
    return tuple(_scored(kept))


def show(kept: Kept, split: str = "validation") -> ImageSheet:
    """Return the first images of a part, with the predictions of the selected variant's first network.

    Args:
        kept: what the run has kept.
        split: ``validation``, or ``test`` once the test set was opened.

    Raises:
        StudyError: the part is unknown, or its images are not stored.
    """
    scored = _scored(kept)
    if split not in scored:
        fix = "The test set is not opened." if split == "test" else did_you_mean(split, scored)
        raise StudyError(
            Problem("split", "must be a part that a network was scored on", repr(split), fix)
        )
    gallery, predictions = scored[split]
    found = guessed(kept, gallery, predictions, gallery.groups[split])
    return ImageSheet(f"The first {split} images{whose(kept)}", found)


def _scored(kept: Kept) -> dict[str, tuple[Gallery, Predictions]]:
    """Return part -> the stored images, and the network's predictions."""
    gallery = kept.images()
    found: dict[str, tuple[Gallery, Predictions]] = {}
    for split in SPLITS:
        predictions = kept.predictions(split)
        if gallery is not None and split in gallery.groups and predictions is not None:
            found[split] = (gallery, predictions)
    return found
