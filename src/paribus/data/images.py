"""Images of some examples: float32 values, or raw bytes that many processes share.

Where preprocessing maps each value by itself, a batch is looked up in a table of 256 floats per
channel, so nobody holds a float copy of the data.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from paribus.data.steps import Images
from paribus.records import Shape

__all__ = ["LEVELS", "ImageSet", "LookUp", "value_counts"]

LEVELS = 256
_CHUNK = 4096

Bytes = npt.NDArray[np.uint8]
Ids = npt.NDArray[np.int64]


@dataclass(frozen=True)
class LookUp:
    """Examples of a raw source, and what each value of each channel becomes."""

    raw: Bytes
    """``(example, height, width, channel)`` of the whole source."""
    ids: Ids
    table: npt.NDArray[np.float32]
    """``(channel, 256)``"""

    def take(self, positions: Ids | slice) -> Images:
        """Return float32 images of some of the examples."""
        chosen = self.raw[self.ids[positions]]
        result = np.empty(chosen.shape, np.float32)
        for channel, row in enumerate(self.table):
            result[..., channel] = row[chosen[..., channel]]
        return result


@dataclass(frozen=True)
class ImageSet:
    """Treated images ``(example, height, width, channel)`` of a trial."""

    source: Images | LookUp

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.source.ids if isinstance(self.source, LookUp) else self.source)

    @property
    def image_shape(self) -> Shape:
        """Height, width and channels."""
        raw = self.source.raw if isinstance(self.source, LookUp) else self.source
        height, width, channels = raw.shape[1:]
        return height, width, channels

    def take(self, positions: Ids | slice) -> Images:
        """Return some images as float32."""
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
    """Count every value of every channel: ``(256, channel)``.

    Args:
        raw: ``(example, height, width, channel)``.
        ids: examples to count.
    """
    channels = raw.shape[3]
    counts = np.zeros((LEVELS, channels), np.int64)
    for start in range(0, len(ids), _CHUNK):
        chunk = raw[ids[start : start + _CHUNK]]
        for channel in range(channels):
            counts[:, channel] += np.bincount(chunk[..., channel].ravel(), minlength=LEVELS)
    return counts
