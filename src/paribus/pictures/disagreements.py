"""Validation images on which the variants disagree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from paribus.pictures.base.ended import EndedRun, Ids
from paribus.pictures.base.entry import Entry
from paribus.pictures.base.kept import Kept
from paribus.pictures.base.picking import picture
from paribus.pictures.base.sheets import ImageSheet
from paribus.records import Predictions

__all__ = ["ENTRY", "Disagreement", "disagreements", "keeps", "show"]

ENTRY = Entry(
    "Images on which the variants disagree",
    "Validation images on which the variants' first networks disagree most, and what each says.",
    40,
    ("images", "predictions"),
    "images",
)
MOST = 24


@dataclass(frozen=True)
class Disagreement:
    """An image on which variants disagree, with the number of variants for each predicted class."""

    index: int
    label: int
    guesses: tuple[tuple[int, int], ...]
    """(class, number of variants), the most frequent first."""


def disagreements(predictions: Sequence[Predictions]) -> list[Disagreement]:
    """Return the images on which networks disagree most, at most 24.

    Args:
        predictions: predictions of each variant; those for other images than the first's are left out.
    """
    alike = [p for p in predictions if np.array_equal(p.ids, predictions[0].ids)]
    if len(alike) < 2:
        return []
    guesses = np.stack([item.probabilities.argmax(1) for item in alike])
    shares = np.array([max(Counter(column.tolist()).values()) for column in guesses.T])
    order = np.argsort(shares, kind="stable")[:MOST]
    return [
        Disagreement(
            int(alike[0].ids[k]),
            int(alike[0].labels[k]),
            tuple(Counter(guesses[:, k].tolist()).most_common()),
        )
        for k in order
        if shares[k] < len(alike)
    ]


def keeps(ended: EndedRun) -> Iterator[tuple[str, Ids]]:
    """Yield the validation images on which the variants disagree."""
    rows = disagreements(ended.of_variants)
    yield "disagreements", np.array([row.index for row in rows], dtype=np.int64)


def show(kept: Kept) -> ImageSheet:
    """Return the validation images on which the variants' first networks disagree most."""
    gallery, names = kept.images(), kept.class_names
    if gallery is None:
        return ImageSheet(ENTRY.title, ())
    ids = set(map(int, gallery.groups.get("disagreements", ())))
    rows = [row for row in disagreements(kept.predictions_of_variants()) if row.index in ids]
    return ImageSheet(
        ENTRY.title,
        tuple(picture(kept, gallery, row.index) for row in rows),
        tuple(
            ", ".join(f"{count} say {names[guess]}" for guess, count in row.guesses) for row in rows
        ),
        "Validation images, the first seed of every variant.",
    )
