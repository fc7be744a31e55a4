"""Small pictures as PNG data URIs, without resizing."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

__all__ = [
    "Picture",
    "picture_uri",
    "pixels_of",
    "png_uri",
]


@dataclass(frozen=True)
class Picture:
    """One image with its class, prediction, probability and file."""

    uri: str
    truth: str
    guess: str = ""
    probability: float = 0.0
    index: int = -1
    """Index of the image in the source; -1 if unknown."""
    file: str = ""
    """Path of the image inside the source; empty if examples are not files."""

    @property
    def name(self) -> str:
        """Name for people: the file, or the index in the source."""
        return self.file or f"#{self.index}"


def png_uri(image: npt.NDArray[np.uint8], maximum: int) -> str:
    """Return an image ``(height, width, channel)`` as a PNG data URI.

    Args:
        image: raw pixels.
        maximum: the largest value a pixel can have; it becomes white.
    """
    pixels = np.asarray(image, dtype=np.float64) * (255 / maximum)
    plain = pixels.round().astype(np.uint8)
    if plain.shape[2] not in (1, 3):
        plain = plain[..., :1]
    return picture_uri(Image.fromarray(plain[..., 0] if plain.shape[2] == 1 else plain))


def picture_uri(picture: Image.Image) -> str:
    """Return a picture as a PNG data URI."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def pixels_of(uri: str) -> npt.NDArray[np.uint8]:
    """Return the pixels ``(height, width, 1 or 3)`` of a data URI of `picture_uri`."""
    with Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))) as picture:
        pixels: npt.NDArray[np.uint8] = np.asarray(picture)
    return pixels[..., None] if pixels.ndim == 2 else pixels
