"""Labels in arrays: numbers, words, one-hot rows, or none at all."""

import numpy as np
import pytest

from tests.data.arrays.saved import IMAGES, LABELS, save
from tests.data.reading import read, refusal


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
