"""A sheet of small pictures with lines of text under each, as one PNG."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from paribus.writing.escaping import plain

__all__ = ["sheet_png"]

SIDE = 96
"""Width and height of a picture's cell in pixels."""
LINE = 13
LETTERS = 18
"""Largest number of letters in a line under a picture."""
GAP = 8
COLUMNS = 10


def sheet_png(
    images: Sequence[npt.NDArray[np.uint8]],
    captions: Sequence[tuple[str, bool]],
    maximum: int = 255,
    columns: int = COLUMNS,
) -> bytes:
    """Draw pictures in a grid, magnified by a whole number without smoothing.

    Args:
        images: images, each ``(height, width, 1 or 3)``.
        captions: (lines of text, whether to highlight them) of each image.
        maximum: largest possible value of a pixel.
        columns: number of pictures in a row.
    """
    columns = min(columns, max(1, len(images)))
    rows = math.ceil(len(images) / columns)
    lines = max((text.count("\n") + 1 for text, _ in captions), default=1)
    wide, tall = SIDE + GAP, SIDE + lines * LINE + 2 * GAP
    sheet = Image.new("RGB", (columns * wide + GAP, rows * tall + GAP), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default()
    for number, (pixels, (text, loud)) in enumerate(zip(images, captions, strict=True)):
        row, column = divmod(number, columns)
        left, top = GAP + column * wide, GAP + row * tall
        sheet.paste(_picture(pixels, maximum), (left, top))
        for line, part in enumerate(text.split("\n")):
            place = (left, top + SIDE + 2 + line * LINE)
            draw.text(place, _fitted(plain(part)), "#b00000" if loud else "#222222", font)
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG")
    return buffer.getvalue()


def _fitted(line: str) -> str:
    """Leave out the middle of a line that is too long, since file names differ at their end."""
    if len(line) <= LETTERS:
        return line
    return line[: LETTERS // 3] + "…" + line[LETTERS // 3 + 1 - LETTERS :]


def _picture(pixels: npt.NDArray[np.uint8], maximum: int) -> Image.Image:
    """Magnify a picture by the largest integer factor that fits; reduce it if it is too large."""
    scaled = np.round(pixels.astype(np.float64) * 255 / maximum).astype(np.uint8)
    image = Image.fromarray(scaled[..., 0] if scaled.shape[2] == 1 else scaled)
    factor = max(1, SIDE // max(image.size))
    image = image.resize(
        (image.width * factor, image.height * factor), Image.Resampling.NEAREST
    ).convert("RGB")
    image.thumbnail((SIDE, SIDE), Image.Resampling.NEAREST)
    return image
