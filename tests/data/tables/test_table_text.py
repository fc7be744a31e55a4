"""Tables as text: encodings, separators, line ends, decimal commas, gaps and bombs."""

import gzip

import numpy as np
import pytest

from paribus.data.tables import table_text
from tests.data.arrays.saved import LABELS
from tests.data.reading import pictures, read, refusal
from tests.data.tables.written import pixel_names, rows_of, write


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
