"""Validation images that the selected network gets wrong, the most confident first."""

from __future__ import annotations

from paribus.pictures.base.entry import Entry
from paribus.pictures.base.kept import Kept
from paribus.pictures.base.picking import guessed, whose
from paribus.pictures.base.sheets import ImageSheet

__all__ = ["ENTRY", "show"]

ENTRY = Entry(
    "Most confident mistakes",
    "Validation images that the selected variant's first network gets wrong, the most confident first.",
    30,
    ("images", "predictions"),
    "images",
)
NOTE = "Validation images, first seed. “said” is the network's guess with its probability."


def show(kept: Kept) -> ImageSheet:
    """Validation images that the selected variant's first network gets wrong, the most confident first."""
    gallery, predictions = kept.images(), kept.predictions("validation")
    title = f"{ENTRY.title}{whose(kept)}"
    if gallery is None or predictions is None:
        return ImageSheet(title, ())
    ids = gallery.groups.get("mistakes", ())
    return ImageSheet(title, guessed(kept, gallery, predictions, ids), note=NOTE)
