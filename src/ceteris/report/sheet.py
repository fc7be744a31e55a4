"""A sheet of small pictures with a line of text under each, as one PNG."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from ceteris.report.tables import plain

__all__ = ["sheet_png"]

SIDE = 84
LINE = 14
GAP = 8
COLUMNS = 10


def sheet_png(
    images: Sequence[npt.NDArray[np.uint8]],
    captions: Sequence[tuple[str, bool]],
    maximum: int = 255,
    columns: int = COLUMNS,
) -> bytes:
    """Draw pictures in a grid, magnified without smoothing.

    Args:
        images: ``(height, width, 1 or 3)`` each.
        captions: text of one or more lines, and whether it is to stand out.
        maximum: the largest value of a pixel.
        columns: pictures in a row.
    """
    columns = min(columns, len(images))
    rows = math.ceil(len(images) / columns)
    lines = max(text.count("\n") + 1 for text, _ in captions)
    tall = SIDE + lines * LINE + 2 * GAP
    sheet = Image.new("RGB", (columns * (SIDE + GAP) + GAP, rows * tall + GAP), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default()
    for number, (pixels, (text, loud)) in enumerate(zip(images, captions, strict=True)):
        row, column = divmod(number, columns)
        left, top = GAP + column * (SIDE + GAP), GAP + row * tall
        sheet.paste(_picture(pixels, maximum), (left, top))
        ink = "#b00000" if loud else "#222222"
        for place, line in enumerate(text.split("\n")):
            draw.text((left, top + SIDE + 2 + place * LINE), plain(line)[:16], ink, font)
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _picture(pixels: npt.NDArray[np.uint8], maximum: int) -> Image.Image:
    scaled = np.round(pixels.astype(np.float64) * 255 / maximum).astype(np.uint8)
    image = Image.fromarray(scaled[..., 0] if scaled.shape[2] == 1 else scaled)
    return image.resize((SIDE, SIDE), Image.Resampling.NEAREST).convert("RGB")
