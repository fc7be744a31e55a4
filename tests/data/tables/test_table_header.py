"""Whether the first line of a table is a header, and what is said where that is unclear."""

import pytest

from tests.data.arrays.saved import LABELS
from tests.data.reading import pictures, read, refusal
from tests.data.tables.written import rows_of, write


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
