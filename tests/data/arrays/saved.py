"""Small arrays in .npz files."""

import numpy as np

from paribus.data.dataset import make_dataset
from tests.data.reading import pictures

LABELS = np.arange(12) % 3


IMAGES = pictures(shape=(8, 8, 3))


def save(path, **arrays):
    np.savez(path, **arrays)
    return path


def plain(images=IMAGES, labels=LABELS, **more):
    return make_dataset(images, labels, ("0", "1", "2"), where="x", **more)
