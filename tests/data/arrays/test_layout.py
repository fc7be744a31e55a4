"""The order of axes: clear, stated, or refused."""

import numpy as np
import pytest

from tests.data.arrays.saved import IMAGES, LABELS, save
from tests.data.reading import pictures, read, refusal


@pytest.mark.parametrize(
    "shape", [(8, 8), (3, 5), (8, 8, 1), (9, 7, 3), (3, 3, 1), (6, 5, 2), (20, 21, 5)]
)
def test_axes_that_are_clear(tmp_path, shape):
    images = pictures(shape=shape)
    data = read(save(tmp_path / "a.npz", images=images, labels=LABELS))
    assert (data.images.reshape(images.shape) == images).all()
    assert data.images.shape[1:3] == shape[:2]
    assert not data.changed


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_channels_first_is_recognised_and_said(tmp_path, channels):
    images = pictures(shape=(channels, 9, 8))
    data = read(save(tmp_path / "a.npz", images=images, labels=LABELS))
    assert (data.images == np.moveaxis(images, 1, 3)).all()
    assert data.changed == (
        f"(example, channel, height, width) = (n, {channels}, 9, 8) turned into channels last",
    )


@pytest.mark.parametrize(
    "shape", [(3, 9, 3), (1, 9, 3), (3, 3, 3), (3, 9, 1), (9, 8, 20), (8, 20, 20)]
)
def test_axes_that_are_unclear_need_a_layout(tmp_path, shape):
    images = pictures(shape=shape)
    path = save(tmp_path / "a.npz", images=images, labels=LABELS)
    axes = ", ".join(map(str, shape))
    assert refusal(path) == (
        f"{path}: images: the axis of the channels must be clear, got (example, {axes}). "
        "Write data.layout: channels_last or data.layout: channels_first."
    )
    assert (read(path, layout="channels_last").images == images).all()
    assert (read(path, layout="channels_first").images == np.moveaxis(images, 1, 3)).all()


def test_a_stated_shape_decides_and_is_checked(tmp_path):
    images = pictures(shape=(3, 9, 3))
    path = save(tmp_path / "a.npz", images=images, labels=LABELS)
    assert (read(path, shape=[9, 3, 3]).images == np.moveaxis(images, 1, 3)).all()
    assert (read(path, shape=[3, 9, 3]).images == images).all()
    plain_path = save(tmp_path / "b.npz", images=IMAGES, labels=LABELS)
    assert "data.shape must be the shape of an image, got 7 x 7 x 3" in refusal(
        plain_path, shape=[7, 7, 3]
    )


def test_flattened_images(tmp_path):
    gray, colour = pictures(shape=(6, 6)), pictures(shape=(4, 4, 3))
    data = read(save(tmp_path / "a.npz", X=gray.reshape(12, -1), y=LABELS))
    assert (data.images[..., 0] == gray).all()
    assert data.changed == ("rows of 36 values read as 6 x 6 pixels",)
    assert (
        read(tmp_path / "a.npz", shape=[4, 9]).images.reshape(12, -1) == gray.reshape(12, -1)
    ).all()
    path = save(tmp_path / "b.npz", X=colour.reshape(12, -1), y=LABELS)
    assert "the order of the values of a row must be clear" in refusal(path)
    assert (read(path, shape=[4, 4, 3]).images == colour).all()
    path = save(tmp_path / "c.npz", X=colour.transpose(0, 3, 1, 2).reshape(12, -1), y=LABELS)
    assert (read(path, layout="channels_first").images == colour).all()
    for shape in ((36, 1), (1, 36)):
        path = save(tmp_path / "d.npz", X=gray.reshape(12, *shape), y=LABELS)
        assert "the axes (example, height, width) must be clear" in refusal(path)
        assert (read(path, shape=[6, 6]).images[..., 0] == gray).all()


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 3)])
def test_examples_on_the_last_axis_are_refused_with_the_cure(tmp_path, shape):
    images = np.moveaxis(pictures(shape=shape), 0, -1)
    path = save(tmp_path / "a.npz", X=images, y=LABELS)
    assert "the first axis must count the images, 12 as there are labels" in refusal(path)
    assert "Save numpy.moveaxis(X, -1, 0) instead." in refusal(path)


def test_other_numbers_of_axes_and_parts_that_differ_are_refused(tmp_path):
    for images in (LABELS, np.array(3), IMAGES[None]):
        assert "must be (example, height, width)" in refusal(
            save(tmp_path / "a.npz", images=images, labels=LABELS)
        ) or "as many images as labels" in refusal(tmp_path / "a.npz")
    path = save(
        tmp_path / "b.npz",
        x_train=IMAGES,
        y_train=LABELS,
        x_test=pictures(shape=(7, 8, 3)),
        y_test=LABELS,
    )
    assert refusal(path) == (
        f"{path}: x_test: images must have one shape; those of {path}: x_train have 8 x 8 x 3, got 7 x 8 x 3."
    )


@pytest.mark.parametrize("background", ["white", "black"])
def test_a_fourth_channel_is_alpha_and_composited(tmp_path, background):
    images = pictures(shape=(8, 8, 4))
    images[3:, ..., 3] = 255
    path = save(tmp_path / "a.npz", images=images, labels=LABELS)
    data = read(path, background=background)
    share = images[..., 3:].astype(float) / 255
    under = 255 if background == "white" else 0
    assert (data.images == np.round(images[..., :3] * share + under * (1 - share))).all()
    assert data.changed == (
        "4 channels read as red, green, blue and alpha: 3 of 12 images transparent, composited on "
        f"{background} (data.shape: [height, width, 4] keeps four channels)",
    )
    kept = read(path, shape=[8, 8, 4])
    assert (kept.images == images).all()
    assert kept.notes == ("images have 4 channels, kept as they are",)
