"""Pictures of convolution kernels: the first layer as filters, deeper ones as a grid of inputs x outputs."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import numpy.typing as npt
from PIL import Image

from paribus.judge.reading import layers_of
from paribus.pictures.base.entry import Entry
from paribus.pictures.base.kept import Kept
from paribus.pictures.base.maps import BLUE, ORANGE
from paribus.pictures.base.panels import Figure, Fold, Folds
from paribus.pictures.base.picture_grid import titled
from paribus.pictures.base.png import picture_uri
from paribus.pictures.base.sheets import PngPicture, Stack
from paribus.writing.escaping import plain

__all__ = ["ENTRY", "KernelPicture", "KernelSheet", "choices", "kernel_pictures", "panels", "show"]

ENTRY = Entry(
    "Kernels",
    "The kernels of every convolution of a variant's first network, one scale per layer.",
    10,
    ("weights",),
    "kernels",
)

WIDTH = 760
"""Approximate width of a picture in pixels."""
LARGEST_CELL = 18
COLUMNS = (8, 16)
"""Number of filters in a row, for up to 16 filters and for more."""
GROUND = 150
"""Grey value of the gaps between cells."""

Kernel = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class KernelPicture:
    """All kernels of one layer."""

    layer: str
    uri: str
    width: int
    height: int
    caption: str


@dataclass(frozen=True)
class KernelSheet(Stack):
    """A sheet of the kernels of one network, one picture per convolution."""

    variant: str
    layers: tuple[KernelPicture, ...]

    @property
    def title(self) -> str:
        """Title, which names the variant."""
        return f"Kernels of {self.variant}"

    def __len__(self) -> int:
        """Return the number of convolutions."""
        return len(self.layers)

    def __getitem__(self, place: int) -> PngPicture:
        """Return the kernels of one convolution, in the order of the layers."""
        layer = self.layers[place]
        png = base64.b64decode(layer.uri.partition(",")[2])
        return PngPicture(f"{self.variant}: {layer.layer}", layer.caption, png)

    def name(self, place: int) -> str:
        """Return the name of the layer at a place of the sheet."""
        return self.layers[place].layer

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        drawn = "".join(
            f'<figure style="margin:8px 0"><img src="{escape(layer.uri)}" width="{layer.width}" '
            f'height="{layer.height}" style="image-rendering:pixelated" alt="kernels of {escape(plain(layer.layer))}">'
            f'<figcaption style="font-size:12px">{escape(plain(layer.caption))}</figcaption></figure>'
            for layer in self.layers
        )
        return titled(self.title, drawn)


def choices(kept: Kept) -> list[str]:
    """Return the variants, the selected one first."""
    return sorted(
        (variant.name for variant in kept.plan.variants), key=lambda name: name != kept.selected
    )


def show(kept: Kept, variant: str | None = None) -> KernelSheet:
    """Return the kernels of a variant's first network; the selected one's (or the baseline's) by default.

    Raises:
        StudyError: the variant is unknown.
    """
    name = kept.variant(variant)
    (model,) = (item.model for item in kept.plan.variants if item.name == name)
    order = [arguments["name"] for _, arguments in layers_of(model)]

    def drawn(weights: Mapping[str, Kernel]) -> tuple[KernelPicture, ...]:
        pictures = kernel_pictures(weights)  # the order in the file is arbitrary
        return tuple(sorted(pictures, key=lambda picture: order.index(picture.layer)))

    return KernelSheet(name, kept.weights(name, drawn) or ())


def panels(sheets: Sequence[KernelSheet]) -> Iterator[Folds]:
    """Yield one fold per variant."""
    folds = tuple(
        Fold(
            sheet.variant,
            tuple(Figure(item.uri, item.width, item.height, item.caption) for item in sheet.layers),
        )
        for sheet in sheets
    )
    note = "Of every convolution, first seed, one scale per layer."
    yield Folds("kernels", "Kernels", folds, note)


def kernel_pictures(weights: Mapping[str, Kernel]) -> list[KernelPicture]:
    """Draw every convolution of a network, one scale per layer.

    Args:
        weights: ``"layer/kernel"`` -> ``(out, in, height, width)``; other weights are ignored.
    """
    return [
        _picture(name.rsplit("/", 1)[0], np.asarray(kernel))
        for name, kernel in weights.items()
        if name.endswith("kernel") and np.ndim(kernel) == 4 and min(np.shape(kernel)[2:]) > 1
    ]


def _picture(layer: str, kernel: Kernel) -> KernelPicture:
    outputs, inputs, height, width = kernel.shape
    scale = float(np.abs(kernel).max()) or 1.0
    if inputs == 3:
        cells, columns = _colour(kernel, scale), COLUMNS[outputs > 16]
        how = "each as the colours it responds to; gray is zero"
    elif inputs == 1:
        cells, columns = _signed(kernel[:, 0], scale), COLUMNS[outputs > 16]
        how = "orange is positive, blue negative, white zero"
    else:
        cells, columns = _signed(kernel, scale).reshape(-1, height, width, 3), inputs
        how = "a row per output, a column per input; orange is positive, blue negative, white zero"
    picture = Image.fromarray(_joined(cells, min(columns, len(cells))))
    each = f"{inputs} x {outputs}" if inputs not in (1, 3) else str(outputs)
    return KernelPicture(
        layer,
        picture_uri(picture),
        picture.width,
        picture.height,
        f"{layer}: {each} kernels of {height} x {width}; {how}; the largest weight is {scale:.2g}",
    )


def _signed(values: Kernel, scale: float) -> Pixels:
    """Return RGB colours, distinct also for the colour-blind: white for zero, orange positive, blue negative."""
    share = np.abs(values)[..., None] / scale
    ink = np.where((values > 0)[..., None], ORANGE, BLUE)
    result: Pixels = np.round(255 + share * (ink - 255)).astype(np.uint8)
    return result


def _colour(values: Kernel, scale: float) -> Pixels:
    """Return RGB colours of kernels ``(out, 3, height, width)``, whose input channels are red, green and blue."""
    result: Pixels = np.round(127.5 + 127.5 * values.transpose(0, 2, 3, 1) / scale).astype(np.uint8)
    return result


def _joined(cells: Pixels, columns: int) -> Pixels:
    """Magnify cells ``(cell, height, width, 3)`` by an integer factor and arrange them in rows, with gaps."""
    count, height, width = cells.shape[:3]
    factor = min(LARGEST_CELL, max(1, WIDTH // (columns * (width + 1))))
    gap = max(1, factor // 2)
    rows = -(-count // columns)
    tall, wide = height * factor + gap, width * factor + gap
    tiles = np.full(
        (rows * columns, tall, wide, 3), GROUND, np.uint8
    )  # a gap above and to the left
    tiles[:count, gap:, gap:] = cells.repeat(factor, 1).repeat(factor, 2)
    joined = tiles.reshape(rows, columns, tall, wide, 3).swapaxes(1, 2)
    result = np.full((rows * tall + gap, columns * wide + gap, 3), GROUND, np.uint8)
    result[: rows * tall, : columns * wide] = joined.reshape(rows * tall, columns * wide, 3)
    return result
