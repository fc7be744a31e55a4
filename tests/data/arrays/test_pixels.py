"""Types and ranges of pixels: whole numbers, fractions, 16 bits, and what is no pixel."""

import numpy as np
import pytest

from tests.data.arrays.saved import LABELS, plain, save
from tests.data.reading import pictures, read, refusal


@pytest.mark.parametrize(
    "dtype",
    [
        np.int8,
        np.int16,
        np.uint16,
        np.int64,
        np.uint64,
        np.float16,
        np.float32,
        np.float64,
        ">i4",
        ">f8",
    ],
)
def test_whole_numbers_of_every_type_are_what_they_are(tmp_path, dtype):
    images = pictures(high=128, shape=(8, 8, 3))
    images[0, 0, 0, 0] = 127
    data = read(save(tmp_path / "a.npz", images=images.astype(dtype), labels=LABELS))
    assert data.fingerprint == plain(images).fingerprint
    assert data.maximum == 255
    assert not data.changed


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_numbers_from_0_to_1_become_256_grey_values(tmp_path, dtype):
    images = pictures(shape=(8, 8, 3))
    data = read(save(tmp_path / "a.npz", images=(images / 255).astype(dtype), labels=LABELS))
    assert (data.images == images).all()
    assert data.maximum == 255
    how = "exactly" if dtype != np.float16 else "rounded by up to"
    assert data.changed[0].startswith(f"pixels from 0 to 1 became 256 grey values, {how}")
    values = np.random.default_rng(0).random(images.shape)
    data = read(save(tmp_path / "b.npz", images=values, labels=LABELS))
    assert (data.images == np.round(values * 255)).all()
    assert data.changed == (
        "pixels from 0 to 1 became 256 grey values, rounded by up to 0.50 of a grey value",
    )


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, bool])
def test_two_values_have_the_maximum_one(tmp_path, dtype):
    images = pictures(high=2, shape=(8, 8))
    data = read(save(tmp_path / "a.npz", images=images.astype(dtype), labels=LABELS))
    assert (data.images[..., 0] == images).all()
    assert data.maximum == 1
    assert len(data.changed) == 1
    stated = read(tmp_path / "a.npz", maximum=255)
    assert stated.maximum == 255
    assert stated.fingerprint != data.fingerprint


def test_sixteen_bits_are_told_by_their_range(tmp_path):
    deep = np.random.default_rng(0).integers(0, 65536, (12, 8, 8), dtype=np.uint16)
    deep[0, 0, 0] = 65535
    data = read(save(tmp_path / "a.npz", images=deep, labels=LABELS))
    assert (data.images[..., 0] == np.round(deep.astype(float) / 257)).all()
    assert data.changed[0].startswith(
        "16-bit pixels from 0 to 65,535 became 256 grey values, rounded"
    )
    twelve = deep // 16
    path = save(tmp_path / "b.npz", images=twelve, labels=LABELS)
    first = np.argwhere(twelve > 255)[0]
    where = ", ".join(map(str, first))
    assert refusal(path) == (
        f"{path}: images[{where}]: pixels beyond 255 need the largest value that they can have, "
        f"got {twelve[tuple(first)]} (all: {twelve.min()} to 4095, uint16). "
        "Write data.maximum: 4095 or data.maximum: 65535, whichever is true."
    )
    data = read(path, maximum=4095)
    assert (data.images[..., 0] == np.round(twelve.astype(float) * 255 / 4095)).all()
    path = save(tmp_path / "c.npz", images=deep.astype(np.int64), labels=LABELS)
    assert "Write data.maximum: 65535, if that is true." in refusal(path)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (lambda x: x / 127.5 - 1, "pixels must not be negative, got "),
        (lambda x: x.astype(np.int64) - 1, "pixels must not be negative, got -1 "),
        (lambda x: x.view(np.int8), "Store them as uint8: x.view(numpy.uint8)"),
        (
            lambda x: x + 0.5,
            "pixels must be whole numbers from 0 to 255, or lie between 0 and 1, got ",
        ),
        (lambda x: x * 1000.0, "pixels beyond 255 need the largest value that they can have, got "),
        (
            lambda x: x.astype(complex),
            "images: pixels must be numbers, got complex numbers (complex128)",
        ),
        (lambda x: x.astype("U3"), "images: pixels must be numbers, got text (<U3)"),
        (lambda x: x.astype("S3"), "images: pixels must be numbers, got text (|S3)"),
        (lambda x: x.astype("M8[s]"), "images: pixels must be numbers, got dates (datetime64[s])"),
        (
            lambda x: x.astype("m8[s]"),
            "images: pixels must be numbers, got durations (timedelta64[s])",
        ),
        (
            lambda x: x.astype([("r", "u1")]),
            "images: pixels must be numbers, got records with fields",
        ),
        (lambda x: x.astype(object), "images: must be a plain array, got pickled Python objects"),
        (lambda x: x[:, :0], "images: must hold at least one pixel, got the shape (12, 0, 8)"),
    ],
    ids=range(13),
)
def test_values_that_are_no_pixels_are_refused(tmp_path, values, text):
    images = pictures(shape=(8, 8))
    images[0, 0, 0] = 0
    assert text in refusal(save(tmp_path / "a.npz", images=values(images), labels=LABELS))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_a_pixel_that_is_not_finite_is_named(tmp_path, value, dtype):
    images = pictures(shape=(8, 8)).astype(dtype)
    images[4, 2, 6] = value
    assert f"images[4, 2, 6]: pixels must be finite numbers, got {value}" in refusal(
        save(tmp_path / "a.npz", images=images, labels=LABELS)
    )


def test_all_parts_are_scaled_alike(tmp_path):
    dark = np.zeros((12, 8, 8))
    dark[::2, 0, 0] = 1
    light = pictures(shape=(8, 8)) / 255
    data = read(save(tmp_path / "a.npz", x_train=dark, y_train=LABELS, x_test=light, y_test=LABELS))
    assert data.maximum == 255
    assert data.images[0, 0, 0, 0] == 255, "0 and 1 of one part are scaled as the other's fractions"
    mixed = save(
        tmp_path / "b.npz",
        x_train=pictures(shape=(8, 8)),
        y_train=LABELS,
        x_test=light,
        y_test=LABELS,
    )
    assert "pixels must be whole numbers from 0 to 255, or lie between 0 and 1" in refusal(mixed)
