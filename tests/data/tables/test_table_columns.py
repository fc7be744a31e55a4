"""Which columns are label, part, index and pixels, and in which order."""

import numpy as np
import pytest

from tests.data.arrays.saved import LABELS
from tests.data.reading import pictures, read, refusal
from tests.data.tables.written import pixel_names, rows_of, write


@pytest.mark.parametrize(
    "name",
    [
        "label",
        "Label",
        "LABELS",
        "class",
        "Class",
        "target",
        "y",
        "Y",
        "digit",
        "category",
        " label ",
    ],
)
@pytest.mark.parametrize("last", [False, True])
def test_the_label_is_found_by_name_first_or_last(tmp_path, name, last):
    images = pictures()
    names = pixel_names(16)
    head = [*names, name] if last else [name, *names]
    data = read(write(tmp_path / "a.csv", rows_of(images, LABELS, last=last), head))
    assert (data.images[..., 0] == images).all()
    assert (data.labels == LABELS).all()


def test_the_label_may_stand_anywhere_and_an_index_is_left_out_and_said(tmp_path):
    images = pictures()
    rows = [
        [k + 100, *image.ravel()[:5], "abc"[label], *image.ravel()[5:]]
        for k, (image, label) in enumerate(zip(images, LABELS, strict=True))
    ]
    for name in ("", "Unnamed: 0", "id", "Image_ID", "index"):
        head = [name, *pixel_names(5), "class", *[f"pixel{k}" for k in range(5, 16)]]
        data = read(write(tmp_path / "a.csv", rows, head))
        assert (data.images[..., 0] == images).all()
        assert data.class_names == ("a", "b", "c")
        assert data.ignored == (f"column {name!r} (numbers or names the rows)",)


def test_without_header_the_label_is_what_alone_can_be_one(tmp_path):
    images = pictures()
    images[:, 0, 0], images[:, -1, -1] = 0, 200 + np.arange(12)
    for last in (False, True):
        data = read(write(tmp_path / "a.csv", rows_of(images, LABELS, last=last)))
        assert (data.images[..., 0] == images).all()
        assert (data.labels == LABELS).all()
        names = [("cat", "dog", "fish")[label] for label in LABELS]
        data = read(write(tmp_path / "b.csv", rows_of(images, names, last=last)))
        assert (data.images[..., 0] == images).all(), "the first row is an image"
        assert data.class_names == ("cat", "dog", "fish")


def test_two_columns_that_can_be_the_label_are_refused_with_both(tmp_path):
    images = pictures()
    images[:, -1, -1] = np.arange(12) % 2
    path = write(tmp_path / "a.csv", rows_of(images, LABELS))
    text = refusal(path)
    assert text == (
        f"{path}: the column of the label must be clear, got both ends of a row can be the label "
        "(column 0: 0, 1, 2, 0, ...; column 16: 0, 1, 0, 1, ...). "
        "Write data.columns: {label: 0} or data.columns: {label: 16}."
    )
    data = read(path, columns={"label": 0})
    assert (data.images[..., 0] == images).all()
    other = read(path, columns={"label": 16})
    assert (other.labels == np.arange(12) % 2).all()


def test_a_table_without_label_is_refused(tmp_path):
    images = pictures(high=250) + 5
    path = write(tmp_path / "a.csv", images.reshape(12, -1).tolist(), pixel_names(16))
    assert "no column is called or looks like the label" in refusal(path)


def test_two_columns_called_like_labels_are_refused(tmp_path):
    rows = [[label, *image.ravel(), label] for image, label in zip(pictures(), LABELS, strict=True)]
    path = write(tmp_path / "a.csv", rows, ["label", *pixel_names(16), "class"])
    assert "several columns are called like labels" in refusal(path)
    assert "Write data.columns: {label: label} or data.columns: {label: class}." in refusal(path)
    chosen = read(path, columns={"label": "CLASS", "ignore": ["label"]})
    assert (chosen.images[..., 0] == pictures()).all()
    assert chosen.ignored == ("column 'label' (data.columns.ignore)",)


def test_a_column_named_unlike_the_others_is_refused_by_name(tmp_path):
    rows = [
        [label, 170 + k, *image.ravel()[1:]]
        for k, (image, label) in enumerate(zip(pictures(), LABELS, strict=True))
    ]
    path = write(tmp_path / "a.csv", rows, ["label", "weight", *pixel_names(15)])
    assert "columns of pixels must be named alike, got weight" in refusal(path)
    assert "Write data.columns: {ignore: [weight]}" in refusal(path)


def test_repeated_names_are_refused(tmp_path):
    path = write(
        tmp_path / "a.csv", rows_of(pictures(), LABELS), ["label", "p1", "p1", *pixel_names(14)]
    )
    assert f"{path}: every column must have its own name, got 2 called 'p1'" in refusal(path)


def test_columns_sorted_as_text_are_put_in_order(tmp_path):
    images = pictures()
    names = pixel_names(16)
    order = sorted(range(16), key=lambda k: names[k])
    assert order != list(range(16))
    rows = [
        [label, *(image.ravel()[k] for k in order)]
        for image, label in zip(images, LABELS, strict=True)
    ]
    data = read(write(tmp_path / "a.csv", rows, ["label", *(names[k] for k in order)]))
    assert (data.images[..., 0] == images).all()
    assert any("in the order of the numbers in their names" in text for text in data.changed)


def test_columns_that_are_not_there_are_named(tmp_path):
    path = write(tmp_path / "a.csv", rows_of(pictures(), LABELS), ["label", *pixel_names(16)])
    assert refusal(path, columns={"label": "lable"}) == (
        f"data.columns.label: must name a column of {path}, got 'lable'. Did you mean 'label'?"
    )
    assert refusal(path, columns={"ignore": [40]}) == (
        "data.columns.ignore: must be a column from 0 to 16, got 40."
    )
    bare = write(tmp_path / "b.csv", rows_of(pictures(), LABELS))
    assert "It has no header: give a number from 0." in refusal(bare, columns={"label": "label"})


def test_a_column_that_counts_the_rows_without_a_name_is_pointed_out(tmp_path):
    rows = [[k, *row] for k, row in enumerate(rows_of(pictures(), LABELS))]
    path = write(tmp_path / "a.csv", rows)
    assert "0 counts the rows: data.columns: {ignore: [0]}." in refusal(path)
    assert (read(path, columns={"ignore": [0]}).images[..., 0] == pictures()).all()


def test_measurements_are_no_pictures(tmp_path):
    names = ["sepal length", "sepal width", "petal length", "petal width"]
    images = pictures(shape=(2, 2))
    path = write(tmp_path / "a.csv", rows_of(images, LABELS), ["species", *names])
    assert refusal(path) == (
        f"{path}: columns of pixels must be numbered, got sepal length, sepal width, petal length, petal width. "
        "If they are pixels, write data.shape."
    )
    assert (read(path, shape=[2, 2]).images[..., 0] == images).all()
    path = write(tmp_path / "b.csv", [[k, label] for k, label in enumerate(LABELS)], ["x", "y"])
    assert "images must have more than one pixel, got 1" in refusal(path)
