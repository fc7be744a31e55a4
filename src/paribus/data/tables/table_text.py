"""Reader of text tables: encoding, separator, header, and lines of unequal length.

Nothing is repaired silently: a line with too many or too few cells, bytes that are not UTF-8 and an
ambiguous first line are errors that name the line.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from paribus.data.tables.table_header import header_of
from paribus.errors import DataError, Problem
from paribus.wording import counted

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Table", "is_table", "read_cells", "texts_of"]

SUFFIXES = (".csv", ".tsv", ".tab", ".txt")
MOST_BYTES = 2 << 30
MOST_COLUMNS = 200_000
_SEPARATORS = {"\t": "tabs", ";": "semicolons", "|": "bars", ",": "commas", " ": "spaces"}
_DECIMAL_COMMA = re.compile(r"\s*[+-]?\d+,\d+\s*")
_SEP_LINE = re.compile(rb'"?sep=.?"?')
_MOST_PROBLEMS = 5


@dataclass(frozen=True)
class Table:
    """A table: its cells by row and column position, and where they lie in the file."""

    path: Path
    names: tuple[str, ...] | None
    """Names of the columns; None without a header."""
    frame: pd.DataFrame
    """Cells; columns are labelled 0, 1, 2 ... and contain only numbers or only text."""
    lines: tuple[int, ...]
    """``(row,)``, line number in the file."""
    changed: tuple[str, ...] = ()
    """Remarks for the user."""
    separator: str = ","

    @property
    def num_columns(self) -> int:
        """Number of columns of the table."""
        return self.frame.shape[1]

    def column(self, place: int) -> str:
        """Return text that identifies a column: its name, or its number from 0 without a header."""
        return f"column {place}" if self.names is None else f"column {self.names[place]!r}"

    def cell(self, row: int, place: int) -> str:
        """Return text that locates a cell in the file."""
        return f"{self.path}: row {row + 1} (line {self.lines[row]}), {self.column(place)}"


def is_table(path: Path) -> bool:
    """Return whether a file has the extension of a table, with or without ``.gz``."""
    name = path.name.lower().removesuffix(".gz")
    return name.endswith(SUFFIXES)


def read_cells(path: Path, *, header: bool | None = None) -> Table:
    """Read all cells of a table.

    Args:
        path: the file; ``.gz`` is decompressed.
        header: whether the first line contains column names; None recognises it.

    Raises:
        DataError: the file is no text, lines have different numbers of cells, or the separator or the
            first line is ambiguous.
    """
    content = _text(path)
    quoted = b'"' in content
    lines = content.splitlines()
    numbers = [number for number, line in enumerate(lines, 1) if line.strip()]
    lines = [line for line in lines if line.strip()]
    if lines and _SEP_LINE.fullmatch(lines[0].strip()):  # written by spreadsheets
        lines, numbers = lines[1:], numbers[1:]
    if not lines:
        raise DataError(Problem(str(path), "must be a table with a row for every image", "nothing"))
    separator = _separator(path, lines, quoted=quoted)
    if separator == " ":
        lines = [b" ".join(line.split()) for line in lines]
    width = len(_split(lines[0], separator))
    if width > MOST_COLUMNS:
        rule = f"must have at most {MOST_COLUMNS:,} columns"
        raise DataError(Problem(str(path), rule, f"{width:,}", "Save such images as .npz."))
    _refuse_ragged(path, lines, numbers, separator, quoted=quoted)
    comma = separator in ";\t|" and _decimal_commas(lines[:6], separator)
    first = _split(lines[0], separator)
    second = _split(lines[1], separator) if len(lines) > 1 else None
    found = header_of(first, second, path=path, line=numbers[0], header=header, comma=comma)
    if found.row is not None:
        lines[0] = separator.join(found.row).encode()
    start = 0 if found.names is None else 1
    if start:
        _refuse_header_again(path, lines, numbers)
    if len(lines) == start:
        raise DataError(Problem(str(path), "must have a row for every image", "only a header"))
    changed = (*found.changed, *(("decimal commas read as points",) if comma else ()))
    frame = _frame(path, lines[start:], separator, width, comma=comma)
    return Table(path, found.names, frame, tuple(numbers[start:]), changed, separator)


def texts_of(table: Table, place: int) -> list[str]:
    """Return the cells of a column as text, exactly as written (``0001`` stays ``0001``)."""
    lines = _text(table.path).splitlines()
    cells = [_split(lines[number - 1], table.separator) for number in table.lines]
    return [row[place] if place < len(row) else "" for row in cells]


def _text(path: Path) -> bytes:
    """Return the content of a file in UTF-8, without a byte-order mark."""
    content = _content(path)
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            content = content.decode("utf-16").encode()
        except UnicodeDecodeError as error:
            raise DataError(_other_encoding(path, content, error)) from error
    content = content.removeprefix(b"\xef\xbb\xbf")
    if b"\0" in content:
        line = content[: content.index(b"\0")].count(b"\n") + 1
        fix = "Save it as text (CSV, UTF-8)."
        raise DataError(Problem(f"{path}: line {line}", "must be text", "a zero byte", fix))
    if not content.isascii():
        try:
            content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise DataError(_other_encoding(path, content, error)) from error
    return content


def _other_encoding(path: Path, content: bytes, error: UnicodeDecodeError) -> Problem:
    line = content[: error.start].count(b"\n") + 1
    got = f"the byte {content[error.start]:#04x}"
    return Problem(f"{path}: line {line}", "must be text in UTF-8", got, "Save it as UTF-8.")


def _content(path: Path) -> bytes:
    try:
        with gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(Problem(str(path), "must be readable", str(error))) from error
    if len(content) > MOST_BYTES:
        rule = f"must be at most {MOST_BYTES:,} bytes unpacked"
        raise DataError(Problem(str(path), rule, "more", "Save such data as .npz."))
    return content


def _split(line: bytes, separator: str) -> list[str]:
    """Return the cells of a line, without quotes and surrounding spaces."""
    text = line.decode()
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    cells = next(csv.reader([text], delimiter=separator, skipinitialspace=True), [])
    return [cell.strip() for cell in cells]


def _separator(path: Path, lines: Sequence[bytes], *, quoted: bool) -> str:
    """Return the separator that gives each of the first six lines the same number of cells.

    Raises DataError if no separator, or more than one, does.
    """
    present = [item for item in _SEPARATORS if item.encode() in lines[0].strip(b" ")]
    sample = lines[:6]
    fitting = [
        item
        for item in present
        if item != " " and len({_width(line, item, quoted) for line in sample}) == 1
    ]
    if len(fitting) > 1 and "," in fitting:  # a comma may be the decimal point
        others = [item for item in fitting if item != ","]
        fitting = others if all(_decimal_commas(sample, item) for item in others) else fitting
    if not fitting:
        fitting = [item for item in present if item != " "] or present
    if len(fitting) != 1:
        names = " or ".join(_SEPARATORS[item] for item in fitting) or "none of them"
        rule = "cells must be separated by commas, semicolons or tabs"
        fix = "Save the table with one kind of separator."
        raise DataError(Problem(f"{path}: line 1", rule, names, fix))
    return fitting[0]


def _width(line: bytes, separator: str, quoted: bool) -> int:
    return len(_split(line, separator)) if quoted else line.count(separator.encode()) + 1


def _decimal_commas(lines: Sequence[bytes], separator: str) -> bool:
    cells = [cell for line in lines for cell in _split(line, separator)]
    return any(_DECIMAL_COMMA.fullmatch(cell) for cell in cells)


def _refuse_ragged(
    path: Path, lines: Sequence[bytes], numbers: Sequence[int], separator: str, *, quoted: bool
) -> None:
    """Refuse lines with more or fewer cells than the first."""
    width, problems = _width(lines[0], separator, quoted), []
    for line, number in zip(lines, numbers, strict=True):
        if quoted and line.count(b'"') % 2:
            rule = "a quoted cell must end in its line"
            raise DataError(Problem(f"{path}: line {number}", rule, "a quote without its twin"))
        given = _width(line, separator, quoted)
        if given != width:
            rule = f"must have {counted(width, 'cell')}, as line {numbers[0]} has"
            problems.append(Problem(f"{path}: line {number}", rule, f"{given:,}"))
    if problems:
        more = len(problems) - _MOST_PROBLEMS
        if more > 0:
            rule = f"{counted(more, 'more line')} must have {counted(width, 'cell')}"
            problems[_MOST_PROBLEMS:] = [Problem(str(path), rule)]
        raise DataError(problems)


def _refuse_header_again(path: Path, lines: Sequence[bytes], numbers: Sequence[int]) -> None:
    """Refuse a repeated header line, as concatenated tables have it."""
    for line, number in zip(lines[1:], numbers[1:], strict=True):
        if line.strip() == lines[0].strip():
            fix = "Remove that line."
            rule = "must be a row, not the header once more"
            raise DataError(
                Problem(f"{path}: line {number}", rule, line[:40].decode("utf-8", "replace"), fix)
            )


def _frame(
    path: Path, lines: Sequence[bytes], separator: str, width: int, *, comma: bool
) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_csv(
            io.BytesIO(b"\n".join(lines)),
            sep=separator,
            header=None,
            names=list(range(width)),
            index_col=False,
            na_filter=False,
            skipinitialspace=True,
            low_memory=False,
            decimal="," if comma else ".",
            encoding="utf-8",
        )
    except (ValueError, OverflowError, MemoryError) as error:
        reason = " ".join(str(error).split())
        raise DataError(Problem(str(path), "must be a table in CSV form", reason)) from error
