"""Drawing of arrays: one colour per value, magnified by integer factors without smoothing.

Non-negative values use viridis, from dark violet to yellow. If there are negative values, blue is negative,
white zero and orange positive.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

__all__ = [
    "BLUE",
    "ORANGE",
    "WIDTH",
    "bars",
    "blended",
    "codes",
    "colour_bar",
    "palette",
    "plain_picture",
    "strip",
]

WIDTH = 760
"""Largest width of a strip in pixels."""
LARGEST_CELL = 96
"""Longer side of a magnified map in pixels; larger maps are not reduced."""
BAR_HEIGHT, BARS_IN_A_ROW, WIDEST_BAR = 44, 64, 24
SIDE = 112
"""Approximate longer side of a blended picture in pixels."""
DIMMED = 0.5
"""Brightness of an image under a map."""
BLUE, ORANGE = np.array([0, 90, 160]), np.array([213, 94, 0])
GAP, LAST = 255, 254
_GRAY = (150, 150, 150)
# Every sixteenth entry of viridis (Smith and van der Walt 2015, CC0), linear in between.
_VIRIDIS = (
    "440154 48186a 472d7b 424086 3b528b 33638d 2c728e 26828e 21918c 1f9f88 27ad81 3dbc74 5cc863"
    " 81d34d aadc32 d5e21a fde725"
)

Numbers = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]
Codes = npt.NDArray[np.uint8]


def palette(*, signed: bool) -> Pixels:
    """Return ``(256, 3)`` RGB: 255 colours of values, and the gray of gaps between maps."""
    share = np.linspace(0, 1, GAP)
    if signed:
        ink = np.where(share[:, None] < 0.5, BLUE, ORANGE)
        colours = 255 + np.abs(2 * share - 1)[:, None] * (ink - 255)
    else:
        anchors = np.array([list(bytes.fromhex(text)) for text in _VIRIDIS.split()])
        places = np.linspace(0, 1, len(anchors))
        colours = np.stack([np.interp(share, places, anchors[:, c]) for c in range(3)], 1)
    return np.vstack([colours.round(), [_GRAY]]).astype(np.uint8)


def codes(values: npt.NDArray[np.floating], low: float, high: float) -> Codes:
    """Return the entry of the palette for every value.

    Args:
        values: values in [low, high].
        low: smallest value of the scale; if it is negative, the scale is symmetric.
        high: largest value of the scale.
    """
    scale = max(abs(low), abs(high)) or 1.0
    share = (values / scale + 1) / 2 if low < 0 else values / scale
    return np.round(LAST * np.clip(share, 0, 1)).astype(np.uint8)


def strip(values: Numbers, low: float, high: float) -> Image.Image:
    """Draw small maps side by side, one per channel, all on one scale.

    Args:
        values: ``(height, width, channel)``
        low: smallest value of the scale.
        high: largest.
    """
    height, width, channels = values.shape
    cells = codes(values, low, high)
    columns = _columns(channels, width)
    factor = min(WIDTH // (columns * (width + 1)), LARGEST_CELL // max(height, width))
    factor, rows = max(1, factor), -(-channels // columns)
    tall, wide = height * factor + 1, width * factor + 1
    sheet = np.full((rows * tall + 1, columns * wide + 1), GAP, np.uint8)
    for channel in range(channels):
        top, left = (channel // columns) * tall + 1, (channel % columns) * wide + 1
        large = np.kron(cells[..., channel], np.ones((factor, factor), np.uint8))
        sheet[top : top + tall - 1, left : left + wide - 1] = large
    return _coloured(sheet, signed=low < 0)


def bars(values: Numbers, low: float, high: float) -> Image.Image:
    """Draw one bar per unit, upwards from zero, or downwards where negative.

    Args:
        values: ``(unit,)``
        low: smallest value of the scale.
        high: largest.
    """
    if len(values) > 4 * BARS_IN_A_ROW:
        return strip(values[None, None], low, high)
    columns = min(BARS_IN_A_ROW, len(values))
    wide = min(WIDEST_BAR, WIDTH // columns)
    rows, span = -(-len(values) // columns), (max(high, 0) - min(low, 0)) or 1.0
    sheet = np.full((rows * (BAR_HEIGHT + 3), columns * wide + 1), 127, np.uint8)
    zero = round(BAR_HEIGHT * max(high, 0) / span)
    for unit, value in enumerate(values):
        top, left = (unit // columns) * (BAR_HEIGHT + 3), (unit % columns) * wide + 1
        end = zero - round(BAR_HEIGHT * float(value) / span)
        first, last = sorted((zero, end))
        sheet[top + first : top + last, left : left + wide - 1] = 0 if value < 0 else LAST
    for row in range(rows):
        sheet[row * (BAR_HEIGHT + 3) + zero] = GAP
    return _coloured(sheet, signed=True)


def blended(image: Pixels, maximum: int, values: Numbers) -> Image.Image:
    """Draw an image, gray and darkened, with a map over it whose cells are stretched over the image.

    The opacity of a colour grows with its value; where the map is zero, only the image is visible.

    Args:
        image: ``(height, width, 1 or 3)``
        maximum: the largest value a pixel can have.
        values: the map, of any height and width; its largest value gets the last colour.
    """
    signed = bool(values.min() < 0)
    factor = max(1, SIDE // max(image.shape[:2]))
    gray = np.kron(image.mean(2), np.ones((factor, factor)))[..., None] * (DIMMED * 255 / maximum)
    tall, wide = gray.shape[:2]
    rows, columns = values.shape
    large = values[np.arange(tall) * rows // tall][:, np.arange(wide) * columns // wide]
    scale = float(np.abs(values).max()) or 1.0
    limit = -scale if signed else 0.0
    colours = palette(signed=signed)[
        codes(np.sign(large) * scale if signed else large, limit, scale)
    ]
    share = np.abs(large)[..., None] / scale
    return Image.fromarray(np.round(gray + share * (colours - gray)).astype(np.uint8))


def colour_bar(*, signed: bool) -> Image.Image:
    """Draw the colour scale as a bar."""
    return _coloured(np.tile(np.arange(0, GAP, 2, dtype=np.uint8), (12, 1)), signed=signed)


def plain_picture(image: Pixels, maximum: int) -> Image.Image:
    """Draw an image as large as `blended` does.

    Args:
        image: ``(height, width, 1 or 3)``
        maximum: the largest value a pixel can have.
    """
    factor = max(1, SIDE // max(image.shape[:2]))
    shown = image if image.shape[2] in (1, 3) else image[..., :1]
    pixels = np.round(shown.astype(np.float64) * (255 / maximum)).astype(np.uint8)
    large = np.kron(pixels, np.ones((factor, factor, 1), np.uint8))
    return Image.fromarray(large[..., 0] if large.shape[2] == 1 else large)


def _columns(channels: int, width: int) -> int:
    """Return the number of maps in a row; maps of one cell have smaller gaps."""
    wanted = 8 if channels <= 16 else 16 if channels <= 64 else 32 if width > 1 else 64
    return min(channels, wanted, max(1, WIDTH // (width + 1)))


def _coloured(sheet: Codes, *, signed: bool) -> Image.Image:
    picture = Image.fromarray(sheet)
    picture.putpalette(palette(signed=signed).tobytes())
    return picture
