"""Selection of stored images, with their classes and a network's predictions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from paribus.pictures.base.kept import Gallery, Kept
from paribus.pictures.base.png import Picture, png_uri
from paribus.records import Predictions

__all__ = ["guessed", "picture", "whose"]


def picture(kept: Kept, gallery: Gallery, index: int) -> Picture:
    """Return a stored image with its class.

    Args:
        kept: what the run has kept.
        gallery: its images.
        index: index of the image in the source.
    """
    place = gallery.place(index)
    uri = png_uri(gallery.images[place], gallery.maximum)
    file = gallery.files[place] if gallery.files else ""
    return Picture(uri, kept.class_names[gallery.labels[place]], index=index, file=file)


def guessed(
    kept: Kept, gallery: Gallery, predictions: Predictions, ids: Iterable[int]
) -> tuple[Picture, ...]:
    """Return images with a network's predictions; images without a prediction are left out.

    Args:
        kept: what the run has kept.
        gallery: its images.
        predictions: predictions of the network.
        ids: indices of the images in the source.
    """
    rows = {int(index): row for row, index in enumerate(predictions.ids)}
    pictures = []
    for index in map(int, ids):
        if index in rows:
            values = predictions.probabilities[rows[index]]
            guess = int(values.argmax())
            plain = picture(kept, gallery, index)
            name = kept.class_names[guess]
            pictures.append(replace(plain, guess=name, probability=float(values[guess])))
    return tuple(pictures)


def whose(kept: Kept) -> str:
    """Return the end of a title: " of <the selected variant>", or nothing."""
    return f" of {kept.selected}" if kept.selected else ""
