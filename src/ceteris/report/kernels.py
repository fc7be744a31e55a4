"""Pictures of convolution kernels: the first layer as filters, deeper ones as a grid of inputs x outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from ceteris.report.images import picture_uri
from ceteris.report.maps import BLUE, ORANGE

__all__ = ["KernelPicture", "kernel_pictures"]

WIDTH = 760
"""Pixels that a picture fills, about."""
LARGEST_CELL = 18
COLUMNS = (8, 16)
"""Filters in a row: of up to 16, and of more."""

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


def kernel_pictures(weights: Mapping[str, Kernel]) -> list[KernelPicture]:
    """Draw every convolution of a network, one scale per layer.

    Args:
        weights: ``"layer/kernel"`` -> ``(out, in, height, width)``; other weights are left alone.
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
        cells = [_colour(kernel[o], scale) for o in range(outputs)]
        grid = _in_rows(cells)
        how = "each as the colours it responds to; gray is zero"
    elif inputs == 1:
        grid = _in_rows([_signed(kernel[o, 0], scale) for o in range(outputs)])
        how = "orange is positive, blue negative, white zero"
    else:
        grid = [[_signed(kernel[o, i], scale) for i in range(inputs)] for o in range(outputs)]
        how = "a row per output, a column per input; orange is positive, blue negative, white zero"
    pixels = _joined(grid, height, width)
    picture = Image.fromarray(pixels)
    each = f"{inputs} x {outputs}" if inputs not in (1, 3) else str(outputs)
    return KernelPicture(
        layer,
        picture_uri(picture),
        picture.width,
        picture.height,
        f"{layer}: {each} kernels of {height} x {width}; {how}; the largest weight is {scale:.2g}",
    )


def _signed(values: Kernel, scale: float) -> Pixels:
    """White for zero, orange for positive, blue for negative: readable for the colour-blind."""
    share = np.abs(values)[..., None] / scale
    ink = np.where((values > 0)[..., None], ORANGE, BLUE)
    result: Pixels = np.round(255 + share * (ink - 255)).astype(np.uint8)
    return result


def _colour(values: Kernel, scale: float) -> Pixels:
    """Three input channels as red, green and blue."""
    result: Pixels = np.round(127.5 + 127.5 * values.transpose(1, 2, 0) / scale).astype(np.uint8)
    return result


def _in_rows(cells: list[Pixels]) -> list[list[Pixels]]:
    columns = COLUMNS[len(cells) > 16]
    return [cells[start : start + columns] for start in range(0, len(cells), columns)]


def _joined(grid: list[list[Pixels]], height: int, width: int) -> Pixels:
    """Magnify cells by a whole number and put them side by side, with gaps."""
    columns = max(len(row) for row in grid)
    factor = min(LARGEST_CELL, max(1, WIDTH // (columns * (width + 1))))
    gap = max(1, factor // 2)
    tall, wide = height * factor + gap, width * factor + gap
    result = np.full((len(grid) * tall + gap, columns * wide + gap, 3), 150, np.uint8)
    for r, row in enumerate(grid):
        for c, cell in enumerate(row):
            large = np.kron(cell, np.ones((factor, factor, 1), np.uint8))
            top, left = gap + r * tall, gap + c * wide
            result[top : top + height * factor, left : left + width * factor] = large
    return result
