"""One image, its attribution map and its layer outputs, as one PNG."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from paribus.execute.insight_file import LayerMaps
from paribus.pictures.base.layer_maps import draw_layer, layer_caption, look_note, where_of
from paribus.pictures.base.maps import WIDTH, blended, colour_bar, plain_picture
from paribus.records import Attributions
from paribus.writing.escaping import plain

__all__ = ["explained_sheet"]

GAP, LINE = 12, 18
INK, SOFT = "#222222", "#57606a"


def explained_sheet(
    title: str,
    image: npt.NDArray[np.uint8],
    maximum: int,
    attributions: Attributions,
    layers: Sequence[LayerMaps],
) -> bytes:
    """Draw an image, its attribution map, and every layer's output as one PNG.

    Args:
        title: first line of text.
        image: ``(height, width, channel)``, as the network sees it.
        maximum: the largest value of its pixels.
        attributions: attribution maps of this one image.
        layers: layer outputs, in the order of the layers.
    """
    pictures = [plain_picture(image, maximum), blended(image, maximum, attributions.of_guess[0])]
    signed = attributions.method != "Grad-CAM"
    low, high = look_note(attributions.method)
    rows = [
        (_row(pictures), f"the image, and {attributions.method} over {where_of(attributions)}"),
        (colour_bar(signed=signed), f"from {low} to {high}"),
        *((draw_layer(row), layer_caption(row)) for row in layers),
    ]
    width = max(WIDTH, *(picture.width for picture, _ in rows)) + 2 * GAP
    height = LINE + 2 * GAP + sum(picture.height + LINE + GAP for picture, _ in rows)
    sheet = Image.new("RGB", (width, height), "white")
    draw, top = ImageDraw.Draw(sheet), LINE + 2 * GAP
    draw.text((GAP, GAP), plain(title), INK, ImageFont.load_default(15))
    for picture, caption in rows:
        sheet.paste(picture.convert("RGB"), (GAP, top))
        top += picture.height
        draw.text((GAP, top + 2), plain(caption), SOFT, ImageFont.load_default(12))
        top += LINE + GAP
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG")
    return buffer.getvalue()


def _row(pictures: Sequence[Image.Image]) -> Image.Image:
    """Return pictures of equal height side by side."""
    width = sum(picture.width + GAP for picture in pictures) - GAP
    sheet = Image.new("RGB", (width, pictures[0].height), "white")
    left = 0
    for picture in pictures:
        sheet.paste(picture.convert("RGB"), (left, 0))
        left += picture.width + GAP
    return sheet
