"""Normalisation of photographs and scans of single digits to the form of MNIST's images.

In MNIST each digit was scaled into a box of 20 x 20 pixels, keeping its proportions, and its centre
of mass was moved to the centre of 28 x 28 pixels; ink is light and paper is black. A network trained
on such images does not recognise digits in another form.

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
"""A connected component whose maximum is below this fraction of the darkest ink is a shadow."""
LARGEST = 320
"""Longest side in pixels; larger images are first reduced to it."""
FAINT = 0.05
"""Pixels below this fraction of the darkest ink are paper, even if the paper has no noise."""
NOISES = 4.0
"""Pixels up to this many standard deviations of the paper's noise are paper."""
SPECK = 0.05
"""A connected component below this fraction of the largest one's ink is dirt."""

Gray = npt.NDArray[np.float64]
"""``(height, width)``"""


def mnist_like(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return a digit in the form of an MNIST image.

    The image may have any size, dark ink on light paper or the reverse, and uneven light; the digit
    may lie anywhere in it.

    Args:
        pixels: ``(height, width, channel)`` with 1 or 3 channels.

    Returns:
        ``(28, 28, 1)``, 0 for paper and 255 for the darkest ink.

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
    """Return the amount of ink of each pixel in [0, 1], whatever the light and the colour of the paper.

    The brightness of the paper is estimated by a morphological closing (opening for light ink) with
    a window that is wider than the strokes.
    """
    from scipy import ndimage

    paper = float(np.median(gray))
    dark = paper - float(np.percentile(gray, 1)) >= float(np.percentile(gray, 99)) - paper
    wide = max(3, max(gray.shape) // 3)
    around = (ndimage.grey_closing if dark else ndimage.grey_opening)(gray, size=(wide, wide))
    around = ndimage.gaussian_filter(around, wide / 6)
    if float(gray.max() - gray.min()) < 8:
        raise ValueError("no ink")
    # A shadow darkens paper and ink by the same factor, so the ratio does not depend on it.
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
    """Remove connected components that are small beside the largest one, or faint."""
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
    """Scale a digit so that its longer side has 20 pixels, keeping its proportions."""
    scale = BOX / max(ink.shape)
    size = (max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale)))
    way = Image.Resampling.BOX if scale < 0.5 else Image.Resampling.BICUBIC
    image = Image.fromarray(ink.astype(np.float32)).resize(size, way)
    found = np.clip(np.asarray(image, np.float64), 0, None)
    return found / max(float(found.max()), 1e-9)


def _centred(ink: Gray) -> npt.NDArray[np.uint8]:
    """Place a digit on 28 x 28 pixels with its centre of mass as close to the centre as it fits."""
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
