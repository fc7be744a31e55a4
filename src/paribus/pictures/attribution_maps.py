"""What a network looks at, as pictures: its activations layer by layer, and maps over images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from paribus.execute.insight_file import Insight, LayerMaps
from paribus.pictures.maps import bars, blended, colour_bar, plain_picture, strip
from paribus.pictures.png import picture_uri
from paribus.records import Attributions

__all__ = [
    "ImageLayers",
    "InsightPictures",
    "LayerPicture",
    "LookPicture",
    "draw_layer",
    "insight_pictures",
    "layer_caption",
    "layer_picture",
    "look_note",
    "where_of",
]


@dataclass(frozen=True)
class LayerPicture:
    """What one layer puts out for one image."""

    uri: str
    width: int
    height: int
    caption: str


@dataclass(frozen=True)
class LookPicture:
    """One image, and what in it speaks for a class."""

    name: str
    """Its file, or its number in the source."""
    uri: str
    guess_uri: str
    truth_uri: str
    """Empty where the guess is right."""
    truth: str
    guess: str
    probability: float


@dataclass(frozen=True)
class ImageLayers:
    """One image and its way through the network."""

    look: LookPicture
    layers: tuple[LayerPicture, ...]


@dataclass(frozen=True)
class InsightPictures:
    """All that the report shows of one network."""

    variant: str
    seed: int
    method: str
    where: str
    """What the maps are made of, for a sentence."""
    low_end: str
    high_end: str
    """What the ends of the colours mean."""
    bar_uri: str
    inside: tuple[ImageLayers, ...]
    mistakes: tuple[LookPicture, ...]
    first: tuple[LookPicture, ...]


def insight_pictures(
    found: Insight, class_names: Sequence[str], variant: str, seed: int
) -> InsightPictures:
    """Draw everything that a run has kept of its selected network.

    Args:
        found: what it has kept.
        class_names: in the order of the labels.
        variant: name.
        seed: of the network.
    """
    looks = [_look(found, at, class_names) for at in range(len(found.ids))]
    signed = found.attributions.method != "Grad-CAM"
    low, high = look_note(found.attributions.method)
    return InsightPictures(
        variant,
        seed,
        found.attributions.method,
        where_of(found.attributions),
        low,
        high,
        picture_uri(colour_bar(signed=signed)),
        tuple(
            ImageLayers(looks[at], tuple(layer_picture(row) for row in rows))
            for at, rows in found.layers.items()
        ),
        tuple(looks[at] for at in found.mistakes),
        tuple(looks[at] for at in found.first),
    )


def layer_picture(row: LayerMaps) -> LayerPicture:
    """Return a layer's output as a picture for the page."""
    picture = draw_layer(row)
    return LayerPicture(picture_uri(picture), picture.width, picture.height, layer_caption(row))


def draw_layer(row: LayerMaps) -> Image.Image:
    """Draw maps as a strip, units as bars."""
    draw = strip if row.values.ndim == 3 else bars
    return draw(row.values, row.low, row.high)


def layer_caption(row: LayerMaps) -> str:
    """Return name, type, shape and range, and what is left out."""
    shape = " x ".join(map(str, row.shape))
    kept, whole = row.values.shape[-1], row.shape[-1]
    what = "channels" if row.values.ndim == 3 else "units"
    part = f", the first {kept} of {whole} {what}" if kept < whole else ""
    return f"{row.name}: {row.type}, {shape}{part}, from {row.low:.3g} to {row.high:.3g}"


def look_note(method: str) -> tuple[str, str]:
    """Return what the first and the last colour of a map mean."""
    if method == "Grad-CAM":
        return "nothing (the image, darkened)", "most in this image"
    return "against the class", "for the class"


def where_of(maps: Attributions) -> str:
    """Return what a map is made of: cells of a layer, or pixels."""
    height, width = maps.of_guess.shape[1:]
    return f"{height} x {width} " + (f"cells of {maps.layer}" if maps.layer else "pixels")


def _look(found: Insight, at: int, names: Sequence[str]) -> LookPicture:
    image, maximum, maps = found.images[at], found.maximum, found.attributions
    label, guess = int(found.labels[at]), int(maps.probabilities[at].argmax())
    return LookPicture(
        found.files[at] if found.files else f"#{found.ids[at]}",
        picture_uri(plain_picture(image, maximum)),
        picture_uri(blended(image, maximum, maps.of_guess[at])),
        "" if label == guess else picture_uri(blended(image, maximum, maps.of_truth[at])),
        names[label],
        names[guess],
        float(maps.probabilities[at, guess]),
    )
