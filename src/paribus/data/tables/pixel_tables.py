"""Reader of tables with one row per image: its label, and its pixels in columns."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from paribus.data.arrays.labels import as_labels
from paribus.data.arrays.npz import as_pictures
from paribus.data.dataset import Dataset, Said, make_dataset
from paribus.data.spec import DataSpec
from paribus.data.tables.table_columns import PART_WORDS, Columns, columns_of
from paribus.data.tables.table_text import Table, read_cells
from paribus.errors import DataError, Problem
from paribus.records import Parts

__all__ = ["read_table"]

_ROLES = ("train", "validation", "test")
_MOST_PROBLEMS = 5
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")
_LIST = re.compile(r"\[?\s*\d+([\s,]+\d+)+\s*\]?")


def read_table(path: Path, spec: DataSpec) -> Dataset:
    """Read a table of pixels.

    Args:
        path: ``.csv``, ``.tsv``, ``.tab`` or ``.txt``, also compressed as ``.gz``.
        spec: data settings; ``columns``, ``shape``, ``layout`` and ``maximum`` resolve ambiguity.

    Raises:
        DataError: a line, column or cell is invalid or ambiguous; the first ones are located.
    """
    table = read_cells(path, header=spec.columns.header if spec.columns else None)
    columns = columns_of(table, spec.columns, shaped=spec.shape is not None)
    pixels = _pixels(table, columns)
    order, parts = _parts(table, columns)
    starts = np.cumsum((0, *parts))
    truths = table.frame[columns.label].to_numpy()[order].astype(_label_type(table, columns))

    def located_label(part: int, row: int | None) -> str:
        if row is None:
            return f"{path}: {table.column(columns.label)}"
        return table.cell(int(order[starts[part] + row]), columns.label)

    labels = as_labels(np.split(truths, starts[1:-1].tolist()), located_label)
    (pictures,), maximum, said = as_pictures(
        [pixels if columns.part is None else pixels[order]],
        [str(path)],
        spec,
        counts=[len(order)],
        located=lambda _, index: _located(table, columns, order, index),
    )
    return make_dataset(
        pictures,
        np.concatenate(labels.parts),
        labels.class_names,
        where=str(path),
        parts=parts,
        maximum=maximum,
        said=Said(
            (*table.changed, *columns.changed, *labels.changed, *said.changed),
            columns.ignored,
            (*labels.notes, *said.notes),
        ),
    )


def _label_type(table: Table, columns: Columns) -> np.dtype[Any]:
    found = table.frame[columns.label].to_numpy().dtype
    return np.dtype(np.str_) if found.kind == "O" else found


def _located(
    table: Table, columns: Columns, order: npt.NDArray[np.int64], index: tuple[int, ...]
) -> str:
    if len(index) < 2:
        return str(table.path)
    row = int(order[index[0]])
    if len(columns.pixels) == 1:
        return f"{table.cell(row, columns.pixels[0])}, value {index[1] + 1}"
    return table.cell(row, columns.pixels[index[1]])


def _pixels(table: Table, columns: Columns) -> npt.NDArray[np.generic]:
    """Return the pixels as ``(row, pixel)``; every cell must be a number."""
    frame = table.frame[list(columns.pixels)]
    if len(columns.pixels) == 1:
        lists = _lists(table, columns.pixels[0])
        if lists is not None:
            return lists
    kinds = {place: frame[place].to_numpy().dtype.kind for place in columns.pixels}
    numbers = "b" if set(kinds.values()) == {"b"} else "iuf"
    texts = [place for place, kind in kinds.items() if kind not in numbers]
    if texts:
        raise DataError(_no_numbers(table, texts))
    values: npt.NDArray[np.generic] = frame.to_numpy()
    return values


def _lists(table: Table, place: int) -> npt.NDArray[np.generic] | None:
    """Return ``(row, pixel)`` if all pixels of an image are in one cell, such as ``70 80 82``; else None."""
    cells = [str(cell).strip() for cell in table.frame[place].to_numpy()]
    if not _LIST.fullmatch(cells[0]):
        return None
    rows: list[npt.NDArray[np.int64]] = []
    problems = []
    for row, cell in enumerate(cells):
        values = cell.strip("[]").replace(",", " ").split()
        good = all(value.isascii() and value.isdigit() and len(value) < 6 for value in values)
        if not good or (rows and len(values) != len(rows[0])):
            rule = f"must hold {len(rows[0]) if rows else 'whole'} numbers"
            problems.append(Problem(table.cell(row, place), rule, repr(cell[:40])))
            continue
        rows.append(np.array(values, dtype=np.int64))
    if problems:
        raise DataError(problems[:_MOST_PROBLEMS])
    return np.stack(rows)


def _no_numbers(table: Table, texts: list[int]) -> list[Problem]:
    """Return a problem for each of the first cells that are no numbers."""
    found: list[tuple[int, int, str]] = []
    for place in texts:
        cells = [str(cell) for cell in table.frame[place].to_numpy()]
        bad = [row for row, cell in enumerate(cells) if not _NUMBER.fullmatch(cell)]
        longest = max(range(len(cells)), key=lambda row: len(cells[row]))  # beyond 64 bits
        found += [(row, place, cells[row]) for row in (bad or [longest])[:_MOST_PROBLEMS]]
    problems = [
        Problem(
            table.cell(row, place),
            "must hold a number of at most 64 bits"
            if _NUMBER.fullmatch(text)
            else "must hold a number",
            repr(text[:40]) if text.strip() else "nothing",
            "Repair or remove that row; if the column holds no pixels, "
            f"write data.columns: {{ignore: [{_name(table, place)}]}}.",
        )
        for row, place, text in sorted(found)[:_MOST_PROBLEMS]
    ]
    if len(texts) > 1:
        rule = "every cell of a pixel column must hold a number"
        problems.append(Problem(str(table.path), rule, f"other cells in {len(texts):,} columns"))
    return problems


def _name(table: Table, place: int) -> str | int:
    return place if table.names is None else table.names[place]


def _parts(table: Table, columns: Columns) -> tuple[npt.NDArray[np.int64], Parts]:
    """Return row numbers sorted by part (training, validation, test), and the sizes of the parts."""
    count = len(table.frame)
    if columns.part is None:
        return np.arange(count), Parts(count)
    words = [str(value).strip().lower() for value in table.frame[columns.part].to_numpy()]
    problems = [
        Problem(
            table.cell(row, columns.part),
            "must be train, validation or test",
            repr(word),
            "Rename it, or leave data.columns.part out.",
        )
        for row, word in enumerate(words)
        if word not in PART_WORDS
    ]
    if problems:
        raise DataError(problems[:_MOST_PROBLEMS])
    roles = np.array([_ROLES.index(PART_WORDS[word]) for word in words])
    sizes = np.bincount(roles, minlength=3).tolist()
    if not sizes[0]:
        rule = "must have rows of the training part"
        raise DataError(Problem(f"{table.path}: {table.column(columns.part)}", rule, "none"))
    return np.argsort(roles, kind="stable"), Parts(*sizes)
