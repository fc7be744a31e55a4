"""What the selected network looks at: its activations layer by layer, and maps over images."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import ClassVar

from paribus.execute.insight_file import Insight, LayerMaps
from paribus.pictures.base.entry import Entry
from paribus.pictures.base.explained_sheet import explained_sheet
from paribus.pictures.base.kept import Kept
from paribus.pictures.base.layer_maps import draw_layer, layer_caption, look_note, where_of
from paribus.pictures.base.maps import blended, colour_bar, plain_picture
from paribus.pictures.base.picture_grid import titled
from paribus.pictures.base.png import picture_uri
from paribus.pictures.base.sheets import PngPicture, Stack
from paribus.records import Attributions
from paribus.writing.escaping import plain

__all__ = [
    "ENTRY",
    "ImageLayers",
    "InsightPictures",
    "InsightSheet",
    "LayerPicture",
    "LookPicture",
    "insight_pictures",
    "layer_picture",
    "panels",
    "show",
]

ENTRY = Entry(
    "What the network looks at",
    "Activations of the selected variant's first network, layer by layer, and maps of what speaks for a class.",
    20,
    ("insight",),
    "insight",
)


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
    """All that the page shows of one network, in a form of its own."""

    form: ClassVar[str] = "insight"
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


@dataclass(frozen=True)
class InsightSheet(Stack):
    """What one network makes of the images whose layers are kept: shown by notebooks, or saved."""

    variant: str
    seed: int
    found: Insight
    class_names: tuple[str, ...]

    @property
    def title(self) -> str:
        """What the sheet shows."""
        return f"What {self.variant} looks at, seed {self.seed}"

    def __len__(self) -> int:
        """Return the number of images whose layers are kept."""
        return len(self.found.layers)

    def __getitem__(self, place: int) -> PngPicture:
        """Return one image, the map of what speaks for its guess, and every layer's output."""
        at, rows = list(self.found.layers.items())[place]
        found, maps = self.found, self.found.attributions
        own = Attributions(
            maps.method,
            maps.layer,
            maps.probabilities[at : at + 1],
            maps.of_guess[at : at + 1],
            maps.of_truth[at : at + 1],
        )
        look = _look(found, at, self.class_names)
        title = f"{look.name}: is {look.truth}, said {look.guess}"
        png = explained_sheet(title, found.images[at], found.maximum, own, rows)
        return PngPicture(title, f"{self.title}: {title}", png)

    def name(self, place: int) -> str:
        """Return the image's file, or its number in the source."""
        return _name(self.found, list(self.found.layers)[place])

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        drawn = "".join(
            f'<figure style="margin:8px 0"><img alt="{escape(plain(picture.title))}" '
            f'src="data:image/png;base64,{base64.b64encode(picture.png).decode()}"></figure>'
            for picture in self
        )
        return titled(self.title, drawn)


def show(kept: Kept) -> InsightSheet | None:
    """Return what the selected variant's first network makes of an image it gets right, and of one it gets wrong.

    None if the run has kept nothing of it.
    """
    trial, found = kept.trial(), kept.insight()
    if trial is None or found is None:
        return None
    return InsightSheet(trial.variant, trial.seed, found, kept.class_names)


def panels(sheets: Sequence[InsightSheet]) -> Iterator[InsightPictures]:
    """Yield everything that is kept, drawn for the page."""
    for sheet in sheets:
        yield insight_pictures(sheet.found, sheet.class_names, sheet.variant, sheet.seed)


def insight_pictures(
    found: Insight, class_names: Sequence[str], variant: str, seed: int
) -> InsightPictures:
    """Draw everything that a run has kept of its selected network.

    Args:
        found: the run's attribution maps and layer outputs.
        class_names: names of the classes, in the order of the labels.
        variant: name.
        seed: seed of the network.
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


def _look(found: Insight, at: int, names: Sequence[str]) -> LookPicture:
    image, maximum, maps = found.images[at], found.maximum, found.attributions
    label, guess = int(found.labels[at]), int(maps.probabilities[at].argmax())
    return LookPicture(
        _name(found, at),
        picture_uri(plain_picture(image, maximum)),
        picture_uri(blended(image, maximum, maps.of_guess[at])),
        "" if label == guess else picture_uri(blended(image, maximum, maps.of_truth[at])),
        names[label],
        names[guess],
        float(maps.probabilities[at, guess]),
    )


def _name(found: Insight, at: int) -> str:
    return found.files[at] if found.files else f"#{found.ids[at]}"
