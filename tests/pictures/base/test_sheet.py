"""Sheets of images show every picture without smoothing."""

import io

import numpy as np
from PIL import Image

from paribus.pictures.base.sheet import sheet_png


def test_a_sheet_shows_every_picture_without_smoothing():
    images = [np.full((7, 7, 1), value, np.uint8) for value in (0, 8, 16)]
    data = sheet_png(images, [("one", False), ("two", True), ("three", False)], maximum=16)
    with Image.open(io.BytesIO(data)) as sheet:
        pixels = np.asarray(sheet)
    assert tuple(pixels[20, 20]) == (0, 0, 0)
    assert tuple(pixels[20, 8 + 104 + 20]) == (128, 128, 128)
    assert tuple(pixels[20, 8 + 208 + 20]) == (255, 255, 255)
