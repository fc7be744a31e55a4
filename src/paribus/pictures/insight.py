"""Layer outputs of the selected network, and attribution maps over images."""

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
    """Output of one layer for one image, drawn."""

    uri: str
    width: int
    height: int
    caption: str


@dataclass(frozen=True)
class LookPicture:
    """One image with its attribution maps, drawn."""

    name: str
    """File of the image, or its index in the source."""
    uri: str
    guess_uri: str
    truth_uri: str
    """Attribution map of the true class; empty if the prediction is right."""
    truth: str
    guess: str
    probability: float


@dataclass(frozen=True)
class ImageLayers:
    """One image with the outputs of all layers."""

    look: LookPicture
    layers: tuple[LayerPicture, ...]


@dataclass(frozen=True)
class InsightPictures:
    """The panel of one network's attribution maps and layer outputs."""

    form: ClassVar[str] = "insight"
    variant: str
    seed: int
    method: str
    where: str
    """Resolution of the maps, as part of a sentence."""
    low_end: str
    high_end: str
    """Meaning of the first and the last colour of a map."""
    bar_uri: str
    inside: tuple[ImageLayers, ...]
    mistakes: tuple[LookPicture, ...]
    first: tuple[LookPicture, ...]


@dataclass(frozen=True)
class InsightSheet(Stack):
    """A sheet of the images whose layer outputs are stored, one picture for each."""

    variant: str
    seed: int
    found: Insight
    class_names: tuple[str, ...]

    @property
    def title(self) -> str:
        """Title, which names the variant and the seed."""
        return f"What {self.variant} looks at, seed {self.seed}"

    def __len__(self) -> int:
        """Return the number of images whose layer outputs are stored."""
        return len(self.found.layers)

    def __getitem__(self, place: int) -> PngPicture:
        """Return one image with its attribution map and every layer's output."""
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
    """Return layer outputs of the selected variant's first network, for a right and a wrong prediction.

    None if the run has stored none.
    """
    trial, found = kept.trial(), kept.insight()
    if trial is None or found is None:
        return None
    return InsightSheet(trial.variant, trial.seed, found, kept.class_names)


def panels(sheets: Sequence[InsightSheet]) -> Iterator[InsightPictures]:
    """Yield the panel of each sheet."""
    for sheet in sheets:
        yield insight_pictures(sheet.found, sheet.class_names, sheet.variant, sheet.seed)


def insight_pictures(
    found: Insight, class_names: Sequence[str], variant: str, seed: int
) -> InsightPictures:
    """Draw the stored attribution maps and layer outputs of a run's selected network.

    Args:
        found: the run's attribution maps and layer outputs.
        class_names: names of the classes, in the order of the labels.
        variant: name of the variant.
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
