"""Tables: whatever people bring is read as it was meant, or refused with row, column, value and cure."""

import csv
import gzip

import numpy as np
import pytest

from paribus.data.tables import table_text
from paribus.records import Parts
from tests.data.reading import case, pictures, read, refusal

LABELS = np.arange(12) % 3


def rows_of(images, labels, *, last=False):
    lines = []
    for image, label in zip(images, labels, strict=True):
        values = [str(value) for value in image.reshape(-1)]
        lines.append([*values, str(label)] if last else [str(label), *values])
    return lines


def write(path, rows, head=None, separator=",", end="\n"):
    lines = [*([head] if head else []), *rows]
    text = end.join(separator.join(map(str, line)) for line in lines) + end
    path.write_bytes(text.encode())
    return path


def pixel_names(count, stem="pixel"):
    return [f"{stem}{k}" for k in range(count)]


# The cases


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


# Own inputs: header, label, separator


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


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n"])
@pytest.mark.parametrize("header", [False, True])
def test_separators_line_ends_and_blank_lines(tmp_path, separator, end, header):
    images = pictures()
    head = ["label", *pixel_names(16)] if header else None
    path = write(tmp_path / "a.tsv", rows_of(images, LABELS), head, separator, end)
    assert (read(path).images[..., 0] == images).all()


def test_the_same_table_has_the_same_fingerprint_in_every_dress(tmp_path):
    images = pictures()
    plain = write(tmp_path / "a.csv", rows_of(images, LABELS), ["label", *pixel_names(16)])
    known = read(plain).fingerprint
    content = plain.read_bytes()
    dresses = {
        "bom.csv": b"\xef\xbb\xbf" + content,
        "utf16.csv": content.decode().encode("utf-16"),
        "quoted.csv": b"\n".join(
            b",".join(b'"' + cell + b'"' for cell in line.split(b",")) for line in content.split()
        ),
        "whole-floats.csv": b"\n".join(
            [
                content.split()[0],
                *(line.replace(b",", b".0,") + b".0" for line in content.split()[1:]),
            ]
        ),
        "spaces.csv": content.replace(b",", b", "),
        "packed.csv.gz": gzip.compress(content),
        "UPPER.CSV": content,
        "spreadsheet.csv": b"sep=,\r\n" + content,
        "trailing.csv": b"\n".join(line + b"," for line in content.split()),
    }
    for name, body in dresses.items():
        (tmp_path / name).write_bytes(body)
        assert read(tmp_path / name).fingerprint == known, name
    assert read(tmp_path / "trailing.csv").ignored == (
        "column '' (numbers or names the rows)",
    ) or read(tmp_path / "trailing.csv").ignored[0].endswith(
        "(an empty column, from a separator at the end of each line)"
    )


def test_what_numpy_saves_is_read(tmp_path):
    images = pictures()
    table = np.column_stack([LABELS, images.reshape(12, -1)])
    np.savetxt(tmp_path / "a.txt", table)
    assert (read(tmp_path / "a.txt").images[..., 0] == images).all()
    np.savetxt(
        tmp_path / "b.csv",
        table,
        delimiter=",",
        fmt="%d",
        header="label," + ",".join(pixel_names(16)),
    )
    assert (read(tmp_path / "b.csv").images[..., 0] == images).all()


def test_decimal_commas_are_read_and_said(tmp_path):
    images = pictures()
    rows = [
        [label, *(f"{value / 255:.6f}".replace(".", ",") for value in image.ravel())]
        for image, label in zip(images, LABELS, strict=True)
    ]
    data = read(write(tmp_path / "a.csv", rows, ["label", *pixel_names(16)], ";"))
    assert (data.images[..., 0] == images).all()
    assert "decimal commas read as points" in data.changed


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


@pytest.mark.parametrize("start", [0, 1])
def test_a_header_of_numbers_that_count_up_is_a_header(tmp_path, start):
    images = pictures(shape=(17, 17))
    numbers = [str(k) for k in range(start, start + 289)]
    data = read(write(tmp_path / "a.csv", rows_of(images, LABELS), ["label", *numbers]))
    assert (data.images[..., 0] == images).all()
    data = read(
        write(
            tmp_path / "b.csv", rows_of(images, LABELS), [str(k) for k in range(start, start + 290)]
        )
    )
    assert (data.images[..., 0] == images).all()
    assert "read as numbered columns" in data.changed[0]
    data = read(
        write(
            tmp_path / "c.csv",
            rows_of(images, LABELS),
            ["label", *(f"{r}x{c}" for r in range(17) for c in range(17))],
        )
    )
    assert (data.images[..., 0] == images).all()


def test_a_short_line_of_numbers_that_count_up_is_unclear(tmp_path):
    images = pictures()
    path = write(tmp_path / "a.csv", rows_of(images, LABELS), [str(k) for k in range(17)])
    assert refusal(path) == (
        f"{path}: line 1: must be clear: numbers of columns, or an image, got 0, 1, 2, 3, 4, 5, .... "
        "Write data.columns: {header: true} if it holds names, {header: false} if it is an image."
    )
    assert len(read(path, columns={"header": True, "label": 0}).images) == 12
    assert len(read(path, columns={"header": False, "label": 0}).images) == 13


def test_an_image_that_pandas_took_for_a_header_is_turned_back(tmp_path):
    import pandas as pd

    images = pictures(high=6)
    path = write(tmp_path / "a.csv", rows_of(images, LABELS))
    pd.read_csv(path).to_csv(tmp_path / "b.csv", index=False)
    assert "." in (tmp_path / "b.csv").read_text().splitlines()[0]
    data = read(tmp_path / "b.csv", columns={"label": 0})
    assert (data.images[..., 0] == images).all()
    assert "an image that another program took for a header" in data.changed[0]


def test_a_first_line_with_a_gap_is_refused_not_lost(tmp_path):
    images = pictures()
    rows = rows_of(images, LABELS)
    rows[0][7] = ""
    path = write(tmp_path / "a.csv", rows)
    assert refusal(path).startswith(
        f"{path}: line 1: the first line must hold names, or an image with its class, got an empty cell."
    )
    rows[0][7] = "?"
    assert "got '?' as cell 8 of 17" in refusal(write(path, rows))


# Shapes and channels


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


# Cells


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


def test_lines_with_other_numbers_of_cells_are_named(tmp_path):
    rows = rows_of(pictures(), LABELS)
    rows[2].append("7")
    rows[5].pop()
    path = write(tmp_path / "a.csv", rows, ["label", *pixel_names(16)])
    assert refusal(path).splitlines() == [
        f"{path}: line 4: must have 17 cells, as line 1 has, got 18.",
        f"{path}: line 7: must have 17 cells, as line 1 has, got 16.",
    ]
    rows = [[*row, "9"] for row in rows_of(pictures(), LABELS)]
    path = write(tmp_path / "b.csv", rows, ["label", *pixel_names(16)])
    lines = refusal(path).splitlines()
    assert len(lines) == 6
    assert lines[-1] == f"{path}: 7 more lines must have 17 cells."


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


# Parts, ranges, lists


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


# No text, too much of it, and questions about columns


def test_what_is_no_text_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"label,a\n1,\xff\n")
    assert f"{path}: line 2: must be text in UTF-8, got the byte 0xff" in refusal(path)
    path.write_bytes(b"label,a\n1,2\0\n")
    assert f"{path}: line 2: must be text, got a zero byte" in refusal(path)
    path.write_bytes(b"")
    assert "must be a table with a row for every image, got nothing" in refusal(path)
    path.write_bytes(b"label,a,b\n")
    assert "must have a row for every image, got only a header" in refusal(path)
    path.write_bytes(b"abc\ndef\n")
    assert "cells must be separated by commas, semicolons or tabs" in refusal(path)
    (tmp_path / "b.csv.gz").write_bytes(b"no gzip")
    assert "must be readable" in refusal(tmp_path / "b.csv.gz")
    path.write_bytes(b'label,a\n"1,2\n3,4\n')
    assert "a quoted cell must end in its line" in refusal(path)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(table_text, "MOST_BYTES", 1000)
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"label,a\n" + b"0," * 10_000))
    assert "must be at most 1,000 bytes unpacked, got more" in refusal(path)
    monkeypatch.setattr(table_text, "MOST_BYTES", 1 << 20)
    monkeypatch.setattr(table_text, "MOST_COLUMNS", 100)
    path.write_bytes(gzip.compress(b"0," * 10_000 + b"0"))
    assert "must have at most 100 columns, got 10,001" in refusal(path)


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


def test_booleans_in_text_are_two_grey_values(tmp_path):
    images = pictures() > 99
    data = read(write(tmp_path / "a.csv", rows_of(images, LABELS), ["label", *pixel_names(16)]))
    assert (data.images[..., 0] == images).all()
    assert (data.maximum, data.changed[-1]) == (1, "boolean pixels read as 0 and 1")


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
