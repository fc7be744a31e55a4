"""Arrays of every name, axis order and type: read and said, or refused with the cure."""

import zipfile

import numpy as np
import pytest

from paribus.data.dataset import make_dataset
from paribus.records import Parts
from tests.data.arrays.saved import IMAGES, LABELS, save
from tests.data.reading import case, read


def of_case(name):
    with np.load(case(name) / "d.npz") as archive:
        return dict(archive)


def test_the_cases_are_read_as_they_are_meant():
    arrays = of_case("npz-nchw")
    data = read(case("npz-nchw") / "d.npz")
    assert (data.images == np.moveaxis(arrays["images"], 1, 3)).all()
    assert data.changed == (
        "(example, channel, height, width) = (n, 3, 12, 12) turned into channels last",
    )
    arrays = of_case("npz-bool")
    data = read(case("npz-bool") / "d.npz")
    assert (data.images[..., 0] == arrays["images"]).all()
    assert (data.maximum, data.observed_range) == (1, (0, 1))
    assert data.changed == ("boolean pixels read as 0 and 1",)
    arrays = of_case("npz-onehot")
    data = read(case("npz-onehot") / "d.npz")
    assert (np.eye(3)[data.labels] == arrays["labels"]).all()
    assert data.changed == ("one-hot labels (rows of 3 with a single 1) read as 3 classes",)


@pytest.mark.parametrize(
    ("name", "images", "labels"),
    [
        ("npz-train-val-split", "x_{}", "y_{}"),
        ("npz-medmnist", "{}_images", "{}_labels"),
    ],
)
def test_the_parts_of_the_cases_are_what_they_are_called(name, images, labels):
    arrays = of_case(name)
    data = read(case(name) / "d.npz")
    parts = ("train", "val", "test")
    assert data.parts == Parts(40, 10, 10)
    assert (data.images == np.concatenate([arrays[images.format(p)] for p in parts])).all()
    assert (data.labels == np.concatenate([arrays[labels.format(p)].ravel() for p in parts])).all()


def test_what_was_read_right_before_has_the_same_fingerprint(tmp_path):
    path = save(
        tmp_path / "a.npz", x_train=IMAGES, y_train=LABELS, x_test=IMAGES[:5], y_test=LABELS[:5]
    )
    # computed by the version before this one
    assert read(path).fingerprint == (
        make_dataset(
            np.concatenate([IMAGES, IMAGES[:5]]),
            np.concatenate([LABELS, LABELS[:5]]),
            ("0", "1", "2"),
            where="x",
            parts=Parts(12, test=5),
        ).fingerprint
    )


def test_what_is_not_used_is_said(tmp_path):
    path = save(
        tmp_path / "a.npz", x_train=IMAGES, y_train=LABELS, x_test=IMAGES[:2], ids=np.arange(3)
    )
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("readme.txt", "hello")
    assert read(path).ignored == (
        "x_test: uint8 (2, 8, 8, 3)",
        "ids: int64 (3,)",
        "readme.txt (no array)",
    )
    assert read(path).parts == Parts(12)
