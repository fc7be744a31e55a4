"""Preprocessed images of some examples, as a float32 array or as raw bytes with a lookup table.

If preprocessing maps each pixel value by itself, batches are converted by a table of 256 floats per
channel, so that processes share the raw bytes and none holds a float copy of the data.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from paribus.data.steps import Images
from paribus.records import Shape

__all__ = ["LEVELS", "ImageSet", "LookUp", "value_counts"]

LEVELS = 256
"""Number of values of a byte."""
_CHUNK = 4096

Bytes = npt.NDArray[np.uint8]
Ids = npt.NDArray[np.int64]


@dataclass(frozen=True)
class LookUp:
    """Raw images of some examples, and the preprocessed value of each byte in each channel."""

    raw: Bytes
    """``(example, height, width, channel)``, all images of the source."""
    ids: Ids
    """Indices into ``raw`` of the examples."""
    table: npt.NDArray[np.float32]
    """``(channel, 256)``, preprocessed values."""

    def take(self, positions: Ids | slice) -> Images:
        """Return the float32 images at positions in ``ids``."""
        chosen = self.raw[self.ids[positions]]
        result = np.empty(chosen.shape, np.float32)
        for channel, row in enumerate(self.table):
            result[..., channel] = row[chosen[..., channel]]
        return result


@dataclass(frozen=True)
class ImageSet:
    """Preprocessed images ``(example, height, width, channel)`` of a trial."""

    source: Images | LookUp
    """An array of float32 images, or raw images with a lookup table."""

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.source.ids if isinstance(self.source, LookUp) else self.source)

    @property
    def image_shape(self) -> Shape:
        """Return ``(height, width, channel)`` of one image."""
        raw = self.source.raw if isinstance(self.source, LookUp) else self.source
        height, width, channels = raw.shape[1:]
        return height, width, channels

    def take(self, positions: Ids | slice) -> Images:
        """Return the images at some positions as float32."""
        found: Images = (
            self.source.take(positions)
            if isinstance(self.source, LookUp)
            else self.source[positions]
        )
        return found

    def array(self) -> Images:
        """Return all images as float32."""
        if isinstance(self.source, LookUp):
            return self.source.take(slice(None))
        return self.source


def value_counts(raw: Bytes, ids: Ids) -> npt.NDArray[np.int64]:
    """Return the histogram of pixel values of each channel, ``(256, channel)``.

    Args:
        raw: ``(example, height, width, channel)``.
        ids: indices of the examples to count.
    """
    channels = raw.shape[3]
    counts = np.zeros((LEVELS, channels), np.int64)
    for start in range(0, len(ids), _CHUNK):
        chunk = raw[ids[start : start + _CHUNK]]
        for channel in range(channels):
            counts[:, channel] += np.bincount(chunk[..., channel].ravel(), minlength=LEVELS)
    return counts
