"""Pictures keep every pixel."""

import base64

import numpy as np

from paribus.pictures.base.png import png_uri


def test_pictures_keep_every_pixel():
    import io

    from PIL import Image

    image = np.array([[[0], [8]], [[16], [4]]], np.uint8)
    content = base64.b64decode(png_uri(image, 16).removeprefix("data:image/png;base64,"))
    assert np.asarray(Image.open(io.BytesIO(content))).tolist() == [[0, 128], [255, 64]]
