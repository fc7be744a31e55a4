"""Names of arrays: which are images, labels and parts; keys where names say nothing."""

import numpy as np
import pytest

from paribus.records import Parts
from tests.data.arrays.saved import IMAGES, LABELS, plain, save
from tests.data.reading import read, refusal


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
