"""Arrays of every name, axis order and type: read and said, or refused with the cure."""

import io
import struct
import zipfile

import numpy as np
import pytest

from paribus.data.arrays import npz_archive
from paribus.data.dataset import make_dataset
from paribus.records import Parts

from .reading import case, pictures, read, refusal

LABELS = np.arange(12) % 3
IMAGES = pictures(shape=(8, 8, 3))


def save(path, **arrays):
    np.savez(path, **arrays)
    return path


def plain(images=IMAGES, labels=LABELS, **more):
    return make_dataset(images, labels, ("0", "1", "2"), where="x", **more)


# The cases


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


# Names


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        ("x", "y"),
        ("X", "y"),
        ("images", "labels"),
        ("image", "label"),
        ("Images", "Labels"),
        ("data", "target"),
        ("data", "targets"),
        ("data", "labels"),
        ("features", "labels"),
        ("x_train", "y_train"),
        ("X_train", "Y_train"),
        ("XTrain", "YTrain"),
        ("xtrain", "ytrain"),
        ("train_images", "train_labels"),
        ("train_image", "train_label"),
        ("trainImages", "trainLabels"),
        ("training_images", "training_labels"),
        ("train_x", "train_y"),
        ("train.data", "train.targets"),
        ("arr_0", "arr_1"),
    ],
)
def test_usual_names_of_one_part(tmp_path, images, labels):
    data = read(save(tmp_path / "a.npz", **{images: IMAGES, labels: LABELS}))
    assert data.fingerprint == plain().fingerprint


@pytest.mark.parametrize(
    "names",
    [
        ("x_train", "y_train", "x_val", "y_val", "x_test", "y_test"),
        ("X_train", "y_train", "X_valid", "y_valid", "X_test", "y_test"),
        ("x_train", "y_train", "x_validation", "y_validation", "x_test", "y_test"),
        ("train_images", "train_labels", "val_images", "val_labels", "test_images", "test_labels"),
        ("train_image", "train_label", "dev_image", "dev_label", "test_image", "test_label"),
        ("TRAIN_X", "TRAIN_Y", "VAL_X", "VAL_Y", "TEST_X", "TEST_Y"),
    ],
)
def test_usual_names_of_three_parts_whatever_their_order_in_the_file(tmp_path, names):
    cut = (slice(0, 6), slice(6, 9), slice(9, 12))
    arrays = {}
    for k, part in enumerate(cut):
        arrays[names[2 * k]], arrays[names[2 * k + 1]] = IMAGES[part], LABELS[part]
    data = read(save(tmp_path / "a.npz", **dict(reversed(arrays.items()))))
    assert data.fingerprint == plain(parts=Parts(6, 3, 3)).fingerprint
    two = {name: arrays[name] for name in (*names[:2], *names[4:])}
    data = read(save(tmp_path / "b.npz", **two))
    assert data.parts == Parts(6, test=3)


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


def test_arrays_by_number_are_told_by_their_shapes(tmp_path):
    test = (IMAGES[:5], LABELS[:5])
    wanted = plain(
        np.concatenate([IMAGES, test[0]]),
        np.concatenate([LABELS, test[1]]),
        parts=Parts(12, test=5),
    )
    for order in ((IMAGES, LABELS, *test), (IMAGES, test[0], LABELS, test[1])):
        np.savez(tmp_path / "a.npz", *order)
        data = read(tmp_path / "a.npz")
        assert data.fingerprint == wanted.fingerprint
        assert "read as train images and labels" in data.changed[0]
    np.savez(tmp_path / "b.npz", LABELS, IMAGES)
    assert read(tmp_path / "b.npz").fingerprint == plain().fingerprint
    np.savez(tmp_path / "c.npz", IMAGES, LABELS[:5], IMAGES[:5], LABELS)
    assert "must hold x_train and y_train" in refusal(tmp_path / "c.npz")
    np.savez(tmp_path / "d.npz", IMAGES, LABELS, *test, *test)
    assert "must hold x_train and y_train" in refusal(tmp_path / "d.npz")


def test_several_arrays_for_one_role_are_refused_and_keys_decide(tmp_path):
    other = IMAGES[::-1]
    path = save(tmp_path / "a.npz", x_train=IMAGES, train_images=other, y_train=LABELS)
    assert refusal(path) == (
        f"{path}: must hold one array of train images, got x_train and train_images. "
        "Say which in data.keys, such as {train_images: x_train, train_labels: y_train}."
    )
    data = read(path, keys={"train_images": "train_images", "train_labels": "y_train"})
    assert (data.images == other).all()
    assert data.ignored == ("x_train: uint8 (12, 8, 8, 3)",)


def test_keys_name_any_array(tmp_path):
    path = save(tmp_path / "a.npz", pics=IMAGES, kinds=LABELS, p2=IMAGES[:4], k2=LABELS[:4])
    assert refusal(path).startswith(
        f"{path}: must hold x_train and y_train (and x_val, y_val, x_test, y_test), or images and labels, "
        "got pics: uint8 (12, 8, 8, 3); kinds: int64 (12,); p2: uint8 (4, 8, 8, 3); k2: int64 (4,)."
    )
    keys = {
        "train_images": "pics",
        "train_labels": "kinds",
        "validation_images": "p2",
        "validation_labels": "k2",
    }
    assert read(path, keys=keys).parts == Parts(12, validation=4)
    assert refusal(path, keys={**keys, "train_labels": "kind"}) == (
        f"data.keys.train_labels: must name an array of {path}, got 'kind'. Did you mean 'kinds'?"
    )
    del keys["validation_labels"]
    assert refusal(path, keys=keys) == (
        "data.keys: must name images and labels of the validation part, got only p2."
    )
    assert "must name every array once, got pics" in refusal(
        path, keys={"train_images": "pics", "train_labels": "pics"}
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


# Labels


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (LABELS.astype(np.uint8), ("0", "1", "2")),
        (LABELS.astype(np.float32), ("0", "1", "2")),
        (LABELS[:, None], ("0", "1", "2")),
        (LABELS[None, :], ("0", "1", "2")),
        (LABELS + 7, ("7", "8", "9")),
        (LABELS - 1, ("-1", "0", "1")),
        (np.eye(3, dtype=bool)[LABELS], ("0", "1", "2")),
        (np.eye(3, dtype=np.int64)[LABELS], ("0", "1", "2")),
        (np.array(["ant", "bee", "cat"])[LABELS], ("ant", "bee", "cat")),
        (np.array([b"ant", b"bee", b"cat"])[LABELS], ("ant", "bee", "cat")),
        (np.array(["2", "10", "33"])[LABELS], ("2", "10", "33")),
        (np.array(["ant ", " bee", "cat"])[LABELS], ("ant", "bee", "cat")),
    ],
    ids=lambda x: str(getattr(x, "dtype", "")) + str(getattr(x, "shape", "")),
)
def test_labels_of_every_form(tmp_path, labels, names):
    data = read(save(tmp_path / "a.npz", images=IMAGES, labels=labels))
    assert data.class_names == names
    assert (data.labels == LABELS).all()


def test_boolean_labels(tmp_path):
    data = read(save(tmp_path / "a.npz", images=IMAGES, labels=LABELS == 2))
    assert data.class_names == ("False", "True")
    assert (data.labels == (LABELS == 2)).all()


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        (LABELS + 0.25, "labels[0]: labels must be classes: whole numbers or text, got 0.25"),
        (
            np.where(LABELS == 1, np.nan, 0),
            "labels[1]: labels must be classes: whole numbers or text, got nan",
        ),
        (
            LABELS.astype(complex),
            "labels must be one class for each image: whole numbers or text, got complex numbers",
        ),
        (LABELS.astype("M8[D]"), "whole numbers or text, got dates"),
        (np.zeros((12, 2, 2)), "whole numbers or text, got the shape (12, 2, 2)"),
        (np.array(3), "whole numbers or text, got the shape ()"),
        (
            np.ones((12, 3)),
            "labels[0]: a row of labels must hold a single 1, for its class, and zeros, got [1, 1, 1]",
        ),
        (
            np.zeros((12, 3)),
            "labels[0]: a row of labels must hold a single 1, for its class, and zeros, got [0, 0, 0]",
        ),
        (np.full((12, 2), 0.5), "a single 1, for its class, and zeros, got [0.5, 0.5]"),
        (np.array(["a", "", "b"])[LABELS], "labels[1]: must hold a class, got nothing"),
        (np.array([b"a", b"\xff", b"b"])[LABELS], "labels must be text in UTF-8"),
        (LABELS[:11], "must hold as many images as labels, got 12 and 11"),
        (np.zeros(12, int), "must hold at least two classes, got 1"),
        (np.array([{}] * 12), "labels: must be a plain array, got pickled Python objects"),
    ],
    ids=range(14),
)
def test_labels_that_are_none_are_refused(tmp_path, labels, text):
    assert text in refusal(save(tmp_path / "a.npz", images=IMAGES, labels=labels))


def test_odd_classes_are_noted(tmp_path):
    data = read(
        save(tmp_path / "a.npz", x_train=IMAGES, y_train=LABELS, x_test=IMAGES[:2], y_test=[0, 5])
    )
    assert data.notes == ("no training image has the class 5 (only test images can have)",)
    data = read(save(tmp_path / "b.npz", images=IMAGES, labels=np.eye(4)[LABELS]))
    assert data.notes == ("no training image has the class 3",)
    assert data.class_names == ("0", "1", "2", "3")
    data = read(save(tmp_path / "c.npz", images=IMAGES, labels=np.arange(12)))
    assert data.notes == ("each of the 12 labels occurs once: are they classes?",)
    data = read(
        save(tmp_path / "d.npz", images=IMAGES, labels=np.array(["Cat", "cat", "dog"])[LABELS])
    )
    assert data.notes == ("the classes 'Cat' and 'cat' differ only in capital letters",)
    mixed = save(
        tmp_path / "e.npz", x_train=IMAGES, y_train=LABELS, x_test=IMAGES[:2], y_test=["a", "b"]
    )
    assert "labels of all parts must be of one kind, got int64 and <U1" in refusal(mixed)


# Axes


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


# Values


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


# Damage


def packed(**arrays):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def member(content):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("images.npy", content)
        labels = io.BytesIO()
        np.save(labels, LABELS)
        archive.writestr("labels.npy", labels.getvalue())
    return buffer.getvalue()


def npy(array, shape=None, version=(1, 0)):
    shape = array.shape if shape is None else shape
    text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}"
    text = text + " " * (63 - (10 + len(text)) % 64) + "\n"
    return (
        b"\x93NUMPY"
        + bytes(version)
        + struct.pack("<H", len(text))
        + text.encode()
        + array.tobytes()
    )


GRAY = pictures(shape=(8, 8))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"PK\x03\x04",
        packed(images=GRAY, labels=LABELS)[:-40],
        packed(images=GRAY, labels=LABELS)[40:],
        member(b""),
        member(b"\x93NUMPY"),
        member(npy(GRAY)[:200]),
        member(npy(GRAY) + b"xx" * (1 << 17)),
        member(npy(GRAY, shape=(12, 8, 9))),
        member(npy(GRAY, shape=(12, 8, -8))),
        member(npy(GRAY, shape=(1 << 40, 1 << 20))),
        member(npy(GRAY, version=(9, 9))),
        member(npy(GRAY).replace(b"'|u1'", b"'|zz'")),
        member(npy(GRAY).replace(b"{'descr'", b"__imp__(")),
        member(npy(GRAY).replace(b"'shape'", b"'shade'")),
    ],
    ids=range(16),
)
def test_a_damaged_file_is_one_error(tmp_path, content):
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    assert refusal(path).startswith(f"{path}: ")
    assert "Traceback" not in refusal(path)


def test_a_single_array_and_an_encrypted_member_are_named(tmp_path):
    np.save(tmp_path / "b.npy", IMAGES)
    (tmp_path / "b.npy").rename(tmp_path / "b.npz")
    assert "must be a .npz archive of plain arrays, got a single array (.npy)" in refusal(
        tmp_path / "b.npz"
    )
    content = bytearray(packed(images=GRAY, labels=LABELS))
    content[6] |= 1  # says that it is encrypted
    place = content.index(b"PK\x01\x02")
    content[place + 8] |= 1
    (tmp_path / "c.npz").write_bytes(content)
    assert "images: must be a .npz archive of plain arrays, got " in refusal(tmp_path / "c.npz")
    assert "encrypted" in refusal(tmp_path / "c.npz")


def test_a_flipped_bit_is_noticed(tmp_path):
    path = save(tmp_path / "a.npz", images=GRAY, labels=LABELS)
    content = bytearray(path.read_bytes())
    content[content.index(GRAY[5].tobytes())] ^= 1
    path.write_bytes(content)
    assert "images: must be a .npz archive of plain arrays, got Bad CRC-32" in refusal(path)


def test_an_array_that_is_there_twice_is_refused(tmp_path):
    path = save(tmp_path / "a.npz", images=GRAY, labels=LABELS)
    with zipfile.ZipFile(path) as archive:
        content = archive.read("images.npy")
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("images.npy", content)
    assert f"{path}: images: must be in the archive once, got twice" in refusal(path)


def test_bombs_are_refused_before_anything_is_allocated(tmp_path, monkeypatch):
    monkeypatch.setattr(npz_archive, "_SMALL", 1 << 16)
    np.savez_compressed(
        tmp_path / "a.npz", images=np.zeros((12, 256, 256), np.uint8), labels=LABELS
    )
    assert "images: must be packed at most 500 times smaller, got " in refusal(tmp_path / "a.npz")
    monkeypatch.setattr(npz_archive, "MOST_BYTES", 700)
    assert "images: must be at most 700 bytes unpacked, got 768" in refusal(
        save(tmp_path / "b.npz", images=GRAY, labels=LABELS)
    )


def test_mutated_archives_give_data_or_one_error(tmp_path):
    """Every byte may be wrong: 400 archives with flipped, cut or doubled bytes."""
    from paribus.errors import DataError

    rng = np.random.default_rng(3)
    whole = packed(images=GRAY, labels=LABELS)
    path, refused = tmp_path / "a.npz", 0
    for _ in range(400):
        content = bytearray(whole)
        for place in rng.integers(0, len(content), rng.integers(1, 4)):
            content[place] = rng.integers(256)
        if rng.random() < 0.2:
            content = content[: rng.integers(len(content))]
        path.write_bytes(content)
        try:
            read(path)
        except DataError as error:
            refused += 1
            assert str(error)
    assert refused > 200


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("a.npy", "got '{}', a single array. Save images and labels together: numpy.savez"),
        ("a.mat", "got '{}', a MATLAB file. Read it with scipy.io.loadmat, then numpy.savez"),
        ("a.h5", "got '{}', an HDF5 file. Read it with h5py"),
        ("a.HDF5", "got '{}', an HDF5 file. Read it with h5py"),
        ("a.pkl", "got '{}', a pickle, which is a program. Load it only if you trust it"),
        ("a.pth", "got '{}', a PyTorch file, which is a pickle. Read it with torch.load"),
        ("a.parquet", "got '{}', a Parquet file. Read it with pandas.read_parquet"),
        ("a.xlsx", "got '{}', a spreadsheet. Save it as CSV (UTF-8)."),
        ("a.zip", "got '{}', an archive. Unpack it"),
        ("a.jpg", "got '{}', a single image. Name the folder"),
        ("train-images-idx3-ubyte", "got '{}', an IDX file. Name the folder"),
        ("a.unknown", "or an image folder (one folder per class), got '{}'."),
    ],
)
def test_other_formats_are_refused_with_the_way_out(tmp_path, name, cure):
    (tmp_path / name).write_bytes(b"x")
    assert cure.format(tmp_path / name) in refusal(tmp_path / name)


def test_whole_labels_of_different_types_in_two_parts_stay_whole(tmp_path):
    images = np.arange(4 * 9, dtype=np.uint8).reshape(4, 3, 3)
    labels = np.array([0, 1, 2, 1])
    path = tmp_path / "a.npz"
    np.savez(path, x_train=images, y_train=labels.astype(np.uint64), x_test=images, y_test=labels)
    assert read(path).class_names == ("0", "1", "2")


@pytest.mark.parametrize("label", [1e300, 2.0**60])
def test_a_label_that_is_no_class_is_refused(tmp_path, label):
    images = np.arange(4 * 9, dtype=np.uint8).reshape(4, 3, 3)
    path = tmp_path / "a.npz"
    np.savez(path, X=images, y=np.array([0, 1, label, 1]))
    assert "labels must be classes: whole numbers or text" in refusal(path)
