"""Kernels as pictures, pixel by pixel."""

import base64
import io

import numpy as np
from PIL import Image

from paribus.pictures.kernels import kernel_pictures


def pixels_of(uri):
    with Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def test_the_first_layers_kernels_are_filters_pixel_by_pixel():
    kernel = np.zeros((2, 1, 3, 3), np.float32)
    kernel[0, 0, 0, 0], kernel[1, 0, 2, 2] = 1.0, -0.5
    (picture,) = kernel_pictures(
        {"conv/kernel": kernel, "conv/bias": np.zeros(2), "dense/kernel": np.zeros((3, 3))}
    )
    assert picture.caption.startswith("conv: 2 kernels of 3 x 3; orange is positive")
    image = pixels_of(picture.uri)
    assert image.shape == (picture.height, picture.width, 3)
    factor, gap = 18, 9
    assert tuple(image[gap + 1, gap + 1]) == (213, 94, 0)
    second = gap + (3 * factor + gap)
    assert tuple(image[gap + 2 * factor + 1, second + 2 * factor + 1]) == (128, 172, 208)
    assert tuple(image[gap + factor + 1, gap + factor + 1]) == (255, 255, 255)


def test_deeper_kernels_are_a_grid_of_inputs_and_outputs_and_colour_kernels_are_coloured():
    deep, colour = kernel_pictures(
        {
            "deep/kernel": np.ones((5, 4, 3, 3), np.float32),
            "first/kernel": np.ones((20, 3, 5, 5), np.float32),
        }
    )
    assert "deep: 4 x 5 kernels of 3 x 3; a row per output, a column per input" in deep.caption
    assert deep.height > deep.width
    assert "each as the colours it responds to" in colour.caption
    large = kernel_pictures({"c/kernel": np.ones((128, 128, 3, 3), np.float32)})[0]
    assert large.width >= 128 * 4
