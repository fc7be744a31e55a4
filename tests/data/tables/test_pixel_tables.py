"""Tables: whatever people bring is read as it was meant, or refused with row, column, value and cure."""

import csv

import numpy as np
import pytest

from paribus.records import Parts
from tests.data.arrays.saved import LABELS
from tests.data.reading import case, pictures, read, refusal
from tests.data.tables.written import pixel_names, rows_of, write


def by_hand(path, separator=",", header=True, label=0):
    """The oracle: Python's own csv module, and nothing of ours."""
    with path.open(newline="") as file:
        lines = list(csv.reader(file, delimiter=separator))
    lines = lines[1:] if header else lines
    truths = [line[label] for line in lines]
    pixels = [[float(v) for k, v in enumerate(line) if k != label % len(line)] for line in lines]
    return np.array(pixels).reshape(-1, 12, 12), truths


@pytest.mark.parametrize(
    ("name", "how", "factor"),
    [
        ("csv-no-header", {"header": False}, 1),
        ("csv-class-last", {"label": -1}, 1),
        ("csv-floats", {}, 255),
        ("csv-semicolon", {"separator": ";"}, 1),
        ("csv-strings", {}, 1),
    ],
)
def test_the_cases_are_read_as_a_person_reads_them(name, how, factor):
    path = case(name) / "d.csv"
    pixels, truths = by_hand(path, **how)
    data = read(path)
    assert data.images.shape == (60, 12, 12, 1)
    assert (data.images[..., 0] == np.round(pixels * factor)).all()
    assert [data.class_names[label] for label in data.labels] == truths
    assert data.parts == Parts(60)
    assert data.maximum == 255


def test_what_was_recognised_is_said():
    said = read(case("csv-no-header") / "d.csv").changed
    assert said == (
        "column 0 read as the label: it holds the classes 0 to 2",
        "rows of 144 values read as 12 x 12 pixels",
    )
    assert (
        "pixels from 0 to 1 became 256 grey values, exactly"
        in read(case("csv-floats") / "d.csv").changed
    )


def test_text_classes_are_sorted_and_numbers_in_text_by_their_size(tmp_path):
    images = pictures()
    names = ["10", "9", "x"]
    rows = rows_of(images, [names[label] for label in LABELS])
    data = read(write(tmp_path / "a.csv", rows, ["label", *pixel_names(16)]))
    assert data.class_names == ("10", "9", "x")
    rows = rows_of(images, [f"{n:.1f}" for n in LABELS * 5])
    assert read(write(tmp_path / "b.csv", rows, ["label", *pixel_names(16)])).class_names == (
        "0",
        "5",
        "10",
    )
    rows = rows_of(images, ["Straße" if label else "café, bar" for label in LABELS])
    rows = [['"' + row[0] + '"', *row[1:]] for row in rows]
    data = read(write(tmp_path / "c.csv", rows, ["label", *pixel_names(16)]))
    assert data.class_names == ("Straße", "café, bar")


def test_three_channels_need_their_order(tmp_path):
    images = pictures(shape=(4, 4, 3))
    head = ["label", *pixel_names(48)]
    path = write(tmp_path / "a.csv", rows_of(images, LABELS), head)
    text = refusal(path)
    assert "the order of the values of a row must be clear" in text
    assert "Write data.shape: [4, 4, 3] with data.layout: channels_last" in text
    for settings in ({"layout": "channels_last"}, {"shape": [4, 4, 3]}):
        assert (read(path, **settings).images == images).all()
    planar = write(tmp_path / "b.csv", rows_of(images.transpose(0, 3, 1, 2), LABELS), head)
    for settings in (
        {"layout": "channels_first"},
        {"shape": [4, 4, 3], "layout": "channels_first"},
    ):
        data = read(planar, **settings)
        assert (data.images == images).all()
        assert data.changed[-1] == "rows of values read as 4 x 4 x 3 pixels, channel by channel"


def test_other_sides_come_from_the_study(tmp_path):
    images = pictures(shape=(3, 4))
    path = write(tmp_path / "a.csv", rows_of(images, LABELS), ["label", *pixel_names(12)])
    assert refusal(path) in (
        f"{path}: the order of the values of a row must be clear, got 12 values, 2 x 2 pixels in three colours "
        "or another shape. Write data.shape: [2, 2, 3] with data.layout: channels_last (the colours of a pixel "
        "lie together) or channels_first (all reds, all greens, all blues).",
    )
    assert (read(path, shape=[3, 4]).images[..., 0] == images).all()
    assert "data.shape must have as many values as an image, 12, got 5 x 4 = 20" in refusal(
        path, shape=[5, 4]
    )
    wide = write(
        tmp_path / "b.csv", rows_of(pictures(shape=(4, 5)), LABELS), ["y", *pixel_names(20)]
    )
    assert "Write data.shape: [5, 4] or [4, 5]" in refusal(wide) or "[4, 5] or [5, 4]" in refusal(
        wide
    )


@pytest.mark.parametrize(
    ("text", "rule", "got"),
    [
        ("x", "must hold a number", "'x'"),
        ("", "must hold a number", "nothing"),
        ("?", "must hold a number", "'?'"),
        ("NA", "must hold a number", "'NA'"),
        ("1_0", "must hold a number", "'1_0'"),
        ("True", "must hold a number", "'True'"),
        ("9" * 30, "must hold a number of at most 64 bits", "'" + "9" * 30 + "'"),
        ("0x10", "must hold a number", "'0x10'"),
        ("nan", "must hold a number", "'nan'"),
        ("inf", "pixels must be finite numbers", "inf"),
        ("-3", "pixels must not be negative", "-3"),
        ("256", "pixels beyond 255 need the largest value", "256"),
        ("7.5", "pixels must be whole numbers from 0 to 255, or lie between 0 and 1", "7.5"),
    ],
)
def test_a_cell_that_is_no_pixel_is_named_by_row_column_and_value(tmp_path, text, rule, got):
    rows = rows_of(pictures(), LABELS)
    rows[4][6] = text
    path = write(tmp_path / "a.csv", rows, ["label", *pixel_names(16)])
    message = refusal(path)
    assert message.startswith(f"{path}: row 5 (line 6), column 'pixel5': {rule}"), message
    assert f", got {got}" in message
    bare = write(tmp_path / "b.csv", rows)
    assert refusal(bare, columns={"label": 0}).startswith(
        f"{bare}: row 5 (line 5), column 6: {rule}"
    )


def test_several_bad_cells_are_listed_and_counted(tmp_path):
    rows = rows_of(pictures(), LABELS)
    rows[1][3], rows[2][3], rows[7][9] = "a", "", "b"
    path = write(tmp_path / "a.csv", rows, ["label", *pixel_names(16)])
    lines = refusal(path).splitlines()
    assert [line.split(": ")[1] for line in lines[:3]] == [
        "row 2 (line 3), column 'pixel2'",
        "row 3 (line 4), column 'pixel2'",
        "row 8 (line 9), column 'pixel8'",
    ]
    assert "write data.columns: {ignore: [pixel2]}" in lines[0]


@pytest.mark.parametrize(
    ("text", "got"), [("", "nothing"), ("0.5", "0.5"), ("nan", "nan"), ("-", "'-'")]
)
def test_a_missing_or_measured_label_is_named(tmp_path, text, got):
    rows = rows_of(pictures(), LABELS)
    rows[3][0] = text
    path = write(tmp_path / "a.csv", rows, ["label", *pixel_names(16)])
    message = refusal(path)
    assert message.startswith(f"{path}: row 4 (line 5), column 'label': "), message
    assert f", got {got}" in message


def test_a_column_of_parts_makes_parts(tmp_path):
    images = pictures()
    words = ["train", "Test", "val", "training", "train", "TEST"] * 2
    rows = [[*row, word] for row, word in zip(rows_of(images, LABELS), words, strict=True)]
    for name, settings in (("split", {}), ("where", {"columns": {"part": "where"}})):
        path = write(tmp_path / "a.csv", rows, ["label", *pixel_names(16), name])
        data = read(path, **settings)
        order = [0, 3, 4, 6, 9, 10, 2, 8, 1, 5, 7, 11]
        assert data.parts == Parts(6, 2, 4)
        assert (data.images[..., 0] == images[order]).all()
        assert (data.labels == LABELS[order]).all()
    rows[3][-1] = "other"
    message = refusal(write(path, rows, ["label", *pixel_names(16), "where"]), **settings)
    assert message.startswith(
        f"{path}: row 4 (line 5), column 'where': must be train, validation or test, got 'other'."
    )


def test_a_label_that_only_test_rows_have_is_noted(tmp_path):
    rows = [[*row, "train"] for row in rows_of(pictures(), LABELS)]
    rows[-1][0], rows[-1][-1] = "9", "test"
    data = read(write(tmp_path / "a.csv", rows, ["label", *pixel_names(16), "split"]))
    assert data.notes == ("no training image has the class 9 (only test images can have)",)


def test_two_values_and_stated_maxima(tmp_path):
    images = pictures(high=2)
    images[0, 0, 0] = 1
    path = write(tmp_path / "a.csv", rows_of(images, LABELS), ["label", *pixel_names(16)])
    assert read(path).maximum == 1
    images = pictures(high=17)
    path = write(tmp_path / "b.csv", rows_of(images, LABELS), ["label", *pixel_names(16)])
    assert (read(path).maximum, read(path, maximum=16).maximum) == (255, 16)
    assert read(path).fingerprint != read(path, maximum=16).fingerprint
    assert "pixels must be at most data.maximum, 15, got 16" in refusal(path, maximum=15)
    deep = pictures().astype(np.uint16) * 16
    path = write(tmp_path / "c.csv", rows_of(deep, LABELS), ["label", *pixel_names(16)])
    assert "Write data.maximum: 4095 or data.maximum: 65535" in refusal(path)
    data = read(path, maximum=4095)
    assert (data.images[..., 0] == np.round(deep * (255 / 4095))).all()
    assert data.maximum == 255


def test_all_pixels_in_one_cell(tmp_path):
    images = pictures()
    rows = [
        [label, " ".join(map(str, image.ravel())), "Training" if k < 8 else "test"]
        for k, (image, label) in enumerate(zip(images, LABELS, strict=True))
    ]
    path = write(tmp_path / "a.csv", rows, ["class", "pixels", "Usage"])
    data = read(path)
    assert (data.images[..., 0] == images).all()
    assert data.parts == Parts(8, test=4)
    rows[2][1] = rows[2][1].replace(" ", " x", 1)
    assert "row 3 (line 4), column 'pixels': must hold 16 numbers" in refusal(
        write(path, rows, ["class", "pixels", "Usage"])
    )


def test_booleans_in_text_are_two_grey_values(tmp_path):
    images = pictures() > 99
    data = read(write(tmp_path / "a.csv", rows_of(images, LABELS), ["label", *pixel_names(16)]))
    assert (data.images[..., 0] == images).all()
    assert (data.maximum, data.changed[-1]) == (1, "boolean pixels read as 0 and 1")
