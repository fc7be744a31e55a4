"""Validation images that the selected network gets wrong, the most confident first."""

from __future__ import annotations

from collections.abc import Iterator

from paribus.execute.insight_file import most_confident
from paribus.pictures.base.ended import EndedRun, Ids
from paribus.pictures.base.entry import Entry
from paribus.pictures.base.kept import Kept
from paribus.pictures.base.picking import guessed, whose
from paribus.pictures.base.sheets import ImageSheet

__all__ = ["ENTRY", "MOST", "keeps", "show"]

ENTRY = Entry(
    "Most confident mistakes",
    "Validation images that the selected variant's first network gets wrong, the most confident first.",
    30,
    ("images", "predictions"),
    "images",
)
NOTE = "Validation images, first seed. “said” is the network's guess with its probability."

MOST = 24
"""Largest number of mistakes that a run stores."""


def keeps(ended: EndedRun) -> Iterator[tuple[str, Ids]]:
    """Yield the validation images that the selected variant's first network gets wrong."""
    found = ended.predictions.get("validation")
    if found is not None:
        yield "mistakes", found.ids[most_confident(found, MOST)]


def show(kept: Kept) -> ImageSheet:
    """Return validation images that the selected variant's first network gets wrong, most confident first."""
    gallery, predictions = kept.images(), kept.predictions("validation")
    title = f"{ENTRY.title}{whose(kept)}"
    if gallery is None or predictions is None:
        return ImageSheet(title, ())
    ids = gallery.groups.get("mistakes", ())
    return ImageSheet(title, guessed(kept, gallery, predictions, ids), note=NOTE)
