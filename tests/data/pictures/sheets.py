"""Photographs of digits, drawn."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter


def drawn(size=200, *, shift=(0, 0), width=14, paper=235, ink=40, box=(60, 40, 140, 160)):
    """A zero, drawn with a pen."""
    image = Image.new("L", (size, size), paper)
    x, y = shift
    left, top, right, bottom = box
    ImageDraw.Draw(image).ellipse(
        (left + x, top + y, right + x, bottom + y), outline=ink, width=width
    )
    return np.asarray(image.filter(ImageFilter.GaussianBlur(1)))[..., None]
