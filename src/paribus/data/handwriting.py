"""Photographs and scans of single digits, made to look as MNIST's images do.

MNIST's makers fitted each digit into a box of 20 x 20 pixels, kept its proportions, and put its
centre of mass into the middle of 28 x 28 pixels; ink is light, paper is black. A network that was
trained on such images understands nothing else.

Source: LeCun, Bottou, Bengio & Haffner 1998, section III-A.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from PIL import Image

__all__ = ["mnist_like"]

BOX = 20
SIDE = 28
STRONG = 0.35
"""Of the darkest ink: a piece that is nowhere darker is a shadow."""
LARGEST = 320
"""Larger images are made smaller first."""
FAINT = 0.05
"""Of the darkest ink: what is fainter is paper, also where the paper is clean."""
NOISES = 4.0
"""Standard deviations of the paper's own grain that count as paper."""
SPECK = 0.05
"""Of the largest piece of ink: smaller pieces are dirt."""

Gray = npt.NDArray[np.float64]


def mnist_like(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return a digit as MNIST would hold it.

    Any size; dark on light or light on dark; uneven light; anywhere in the picture.

    Args:
        pixels: ``(height, width, channel)`` with 1 or 3 channels.

    Returns:
        ``(28, 28, 1)``, ink light.

    Raises:
        ValueError: there is no ink.
    """
    ink = _ink(_small(pixels.mean(2)))
    ink = _without_specks(ink)
    rows, columns = np.flatnonzero(ink.max(1) > 0), np.flatnonzero(ink.max(0) > 0)
    if not len(rows):
        raise ValueError("no ink")
    cropped = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return _centred(_fitted(cropped))[..., None]


def _small(gray: Gray) -> Gray:
    scale = LARGEST / max(gray.shape)
    if scale >= 1:
        return gray
    size = (max(1, round(gray.shape[1] * scale)), max(1, round(gray.shape[0] * scale)))
    return np.asarray(
        Image.fromarray(gray.astype(np.float32)).resize(size, Image.Resampling.BOX), np.float64
    )


def _ink(gray: Gray) -> Gray:
    """Return how much ink there is, 0 to 1, whatever the light and the colour of the paper.

    Paper is what a wide window's extreme is: strokes are narrower than the window.
    """
    from scipy import ndimage

    paper = float(np.median(gray))
    dark = paper - float(np.percentile(gray, 1)) >= float(np.percentile(gray, 99)) - paper
    wide = max(3, max(gray.shape) // 3)
    around = (ndimage.grey_closing if dark else ndimage.grey_opening)(gray, size=(wide, wide))
    around = ndimage.gaussian_filter(around, wide / 6)
    if float(gray.max() - gray.min()) < 8:
        raise ValueError("no ink")
    # Paper in the shade is darker, and so is the ink on it: what counts is their ratio.
    ink = (
        1 - gray / np.maximum(around, 1) if dark else 1 - (255 - gray) / np.maximum(255 - around, 1)
    )
    peak = float(np.percentile(ink, 99.5))
    if peak < 0.05:
        raise ValueError("no ink")
    ink = ink / peak
    grain = 1.4826 * float(np.median(np.abs(ink - np.median(ink))))
    faint = min(max(FAINT, NOISES * grain), 0.5)
    found: Gray = np.where(ink > faint, np.clip(ink, 0, 1), 0.0)
    return found


def _without_specks(ink: Gray) -> Gray:
    """Take out pieces that are small beside the largest."""
    from scipy import ndimage

    labels, count = ndimage.label(ink > 0, structure=np.ones((3, 3)))
    if count == 0:
        return ink
    every = np.arange(count + 1)
    sizes = ndimage.sum_labels(ink, labels, every)
    strongest = ndimage.maximum(ink, labels, every)
    keep = (sizes >= SPECK * sizes[1:].max()) & (strongest >= STRONG)
    keep[0] = False
    found: Gray = ink * keep[labels]
    return found


def _fitted(ink: Gray) -> Gray:
    """Scale into the box, keeping the proportions."""
    scale = BOX / max(ink.shape)
    size = (max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale)))
    way = Image.Resampling.BOX if scale < 0.5 else Image.Resampling.BICUBIC
    image = Image.fromarray(ink.astype(np.float32)).resize(size, way)
    found = np.clip(np.asarray(image, np.float64), 0, None)
    return found / max(float(found.max()), 1e-9)


def _centred(ink: Gray) -> npt.NDArray[np.uint8]:
    """Put the centre of mass into the middle, as far as the picture allows."""
    result = np.zeros((SIDE, SIDE), np.uint8)
    total = ink.sum()
    corner = []
    for axis in (0, 1):
        mass = float((ink.sum(1 - axis) * np.arange(ink.shape[axis])).sum() / total)
        start = math.floor((SIDE - 1) / 2 - mass + 0.5)
        corner.append(min(max(start, 0), SIDE - ink.shape[axis]))
    top, left = corner
    plain = np.round(255 * ink).astype(np.uint8)
    result[top : top + ink.shape[0], left : left + ink.shape[1]] = plain
    return result
