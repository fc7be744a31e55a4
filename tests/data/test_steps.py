"""Preprocessing steps on known numbers."""

import numpy as np
import pytest

from paribus.data.dataset import make_dataset
from paribus.data.prepare import prepare
from tests.data.small_data import spec


def test_steps_on_known_numbers():
    images = np.array([[[[0], [128]], [[255], [64]]]], np.uint8)
    data = make_dataset(np.repeat(images, 30, 0), np.arange(30) % 2, ("a", "b"), where="x")
    inverted = prepare(data, spec(preprocess=["scale", "invert"]), seed=0).train_images.array()[
        0, :, :, 0
    ]
    np.testing.assert_allclose(inverted, [[1, 1 - 128 / 255], [0, 1 - 64 / 255]], rtol=1e-6)
    raw = prepare(data, spec(), seed=0).train_images.array()[0, :, :, 0]
    assert raw.tolist() == [[0, 128], [255, 64]]
    colours = np.zeros((30, 1, 1, 3), np.uint8)
    colours[:, 0, 0] = (100, 150, 200)
    data = make_dataset(colours, np.arange(30) % 2, ("a", "b"), where="x")
    gray = prepare(data, spec(preprocess=["grayscale"]), seed=0).train_images.array()
    assert gray[0, 0, 0, 0] == pytest.approx(0.299 * 100 + 0.587 * 150 + 0.114 * 200, rel=1e-6)
