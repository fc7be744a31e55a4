"""Images without content: constant ones are noted, parts that show nothing are refused."""

import numpy as np
import pytest

from paribus.data.dataset import make_dataset
from paribus.data.flat import constant_images, refuse_flat_parts
from paribus.data.splits import Split
from paribus.errors import DataError

IDS = np.arange(12)
SPLIT = Split(IDS[:6], IDS[6:9], IDS[9:])


def data(images):
    return make_dataset(images, np.arange(len(images)) % 2, ("a", "b"), where="made")


def noise(shape=(12, 4, 3, 3)):
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def test_constant_images_are_those_whose_pixels_numpy_finds_equal():
    images = noise()
    images[2], images[7] = 5, [1, 2, 3]  # of one colour, which is constant, too
    images[3], images[4] = images[3, :1], images[4, :, :1]  # all rows alike, all columns alike
    expected = [bool((image == image[0, 0]).all()) for image in images]
    assert constant_images(data(images)).tolist() == expected
    assert sum(expected) == 2


def test_some_constant_images_are_noted_by_name():
    images = noise()
    images[[1, 3, 4, 5, 8]] = 9
    (note,) = refuse_flat_parts(data(images), SPLIT, "made")
    assert note == "5 images of 12 of one value everywhere: 1, 3, 4 and 2 more"
    assert refuse_flat_parts(data(noise()), SPLIT, "made") == ()


def test_parts_that_show_nothing_are_refused_all_at_once():
    images = noise()
    images[:6], images[9:] = 7, images[9]
    with pytest.raises(DataError) as caught:
        refuse_flat_parts(data(images), SPLIT, "made")
    first, second = str(caught.value).splitlines()
    assert "training images must show something, got 6 images, the first with the value 7" in first
    assert "test images must differ, got 3 images, all of them the same" in second


def test_images_of_one_pixel_must_only_differ():
    images = noise((12, 1, 1, 1))
    assert refuse_flat_parts(data(images), SPLIT, "made") == ()
    images[:6] = 3
    with pytest.raises(DataError, match="training images must differ"):
        refuse_flat_parts(data(images), SPLIT, "made")
