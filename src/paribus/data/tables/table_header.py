"""Decision whether the first line of a table contains column names or an image.

It contains names if no cell is a number, or if the numbers count up by one (``label,0,1,2``). It is an
image if every cell is a number, or all but a class at one end. When pandas takes an image for a header,
it numbers repeated values (``5,0,0.1,0.2``); such a line is restored. In all other cases the study must
decide by ``data.columns.header``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from paribus.errors import DataError, Problem

__all__ = [
    "INDEX_NAMES",
    "LABEL_NAMES",
    "PART_NAMES",
    "Header",
    "header_of",
    "is_number",
    "plain_name",
]

LABEL_NAMES = frozenset(
    {
        *(
            "label",
            "labels",
            "class",
            "classes",
            "target",
            "targets",
            "y",
            "category",
            "categories",
        ),
        *("digit", "letter", "classlabel", "classname", "labelname", "targetlabel", "groundtruth"),
    }
)
INDEX_NAMES = frozenset(
    {
        *("id", "index", "idx", "imageid", "imgid", "rowid", "row", "rowindex", "uuid", "unnamed0"),
        *(
            "file",
            "files",
            "filename",
            "filenames",
            "filepath",
            "path",
            "image",
            "imagename",
            "img",
        ),
        *("imagepath", "imgname", "imgpath", "picture", "photo"),
    }
)
PART_NAMES = frozenset(
    {
        *("split", "splits", "part", "parts", "partition", "subset", "usage", "set", "fold"),
        *("dataset", "datasplit", "datapart", "phase", "traintest", "trainval"),
    }
)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_FIX = "Write data.columns: {header: true} if it holds names, {header: false} if it is an image."


@dataclass(frozen=True)
class Header:
    """Content of the first line: column names, or an image."""

    names: tuple[str, ...] | None
    """Column names; None if the line is an image."""
    row: tuple[str, ...] | None = None
    """Cells of the image if they had to be restored; None if the line is used as it is."""
    changed: tuple[str, ...] = ()
    """Remarks for the user."""


def plain_name(name: str) -> str:
    """Return a name in lower case, with letters and digits only.

    Example:
        >>> plain_name(" Class_Label"), plain_name("Unnamed: 0")
        ('classlabel', 'unnamed0')
    """
    return re.sub(r"[^a-z0-9]", "", name.lower())


def header_of(
    first: Sequence[str],
    second: Sequence[str] | None,
    *,
    path: Path,
    line: int,
    header: bool | None,
    comma: bool = False,
) -> Header:
    """Decide whether the first line contains column names or an image.

    Args:
        first: cells of the first line.
        second: cells of the next line, if there is one.
        path: path of the table, for error messages.
        line: number of the first line in the file.
        header: ``data.columns.header`` of the study; None recognises it.
        comma: whether numbers have decimal commas.

    Raises:
        DataError: the line may be either.
    """
    cells = [cell.replace(",", ".") if comma else cell for cell in first]
    if header is not None:
        return Header(_names(first) if header else None)
    numeric = [is_number(cell) for cell in cells]
    if not any(numeric):
        return Header(_names(first))
    numbers = [cell for cell, is_number in zip(cells, numeric, strict=True) if is_number]
    if all(numeric):
        return _all_numbers(cells, second, path, line)
    others = [place for place, is_number in enumerate(numeric) if not is_number]
    known = all(_is_known(cells[place]) for place in others)
    if _counts_up(numbers) and (known or float(numbers[-1]) > 255):
        return Header(_names(first))
    at_end = len(others) == 1 and others[0] in (0, len(cells) - 1)
    if at_end and cells[others[0]] and not known and not _counts_up(numbers):
        return Header(None)
    where = f"{path}: line {line}"
    if at_end and (known or _counts_up(numbers)) and cells[others[0]]:
        rule, got = "must be clear: names of columns, or an image", _start(cells)
        raise DataError(Problem(where, rule, got, _FIX))
    odd = others[0] if len(others) * 2 <= len(cells) else numeric.index(True)
    rule = "the first line must hold names, or an image with its class"
    got = f"{cells[odd]!r} as cell {odd + 1} of {len(cells):,}" if cells[odd] else "an empty cell"
    raise DataError(Problem(where, rule, got, _FIX))


def _all_numbers(
    cells: Sequence[str], second: Sequence[str] | None, path: Path, line: int
) -> Header:
    if _counts_up(cells) and len(cells) > 2:
        if float(cells[-1]) > 255:
            said = f"the first line, {cells[0]} to {cells[-1]} in steps of one, read as numbered columns"
            return Header(_names(cells), None, (said,))
        rule, got = "must be clear: numbers of columns, or an image", _start(cells)
        raise DataError(Problem(f"{path}: line {line}", rule, got, _FIX))
    original = _as_before_numbering(cells)
    if original is not None and second is not None and all(map(_is_whole, second)):
        said = (
            "the first line is an image that another program took for a header, and whose repeated "
            f"values it numbered ({_start([c for c in cells if '.' in c], 2)}): read as an image"
        )
        return Header(None, original, (said,))
    return Header(None)


def _as_before_numbering(cells: Sequence[str]) -> tuple[str, ...] | None:
    """Undo pandas' numbering of repeated names: ``5, 0, 0.1, 0.2`` becomes ``5, 0, 0, 0``.

    Returns None if the cells are not numbered in this way.
    """
    seen: Counter[str] = Counter()
    result, renamed = [], 0
    for cell in cells:
        stem, _, number = cell.partition(".")
        if number and number != str(seen[stem]):
            return None
        if not number and seen[stem]:
            return None
        renamed += bool(number)
        seen[stem] += 1
        result.append(stem)
    return tuple(result) if renamed >= 3 else None


def _names(cells: Sequence[str]) -> tuple[str, ...]:
    first = cells[0].removeprefix("#").strip()
    return (first, *cells[1:])


def _is_known(cell: str) -> bool:
    name = plain_name(cell)
    return not name or name in LABEL_NAMES | INDEX_NAMES | PART_NAMES


def is_number(cell: str) -> bool:
    """Return whether a cell is a number with a decimal point, for example ``-1.5e3``."""
    return _NUMBER.fullmatch(cell) is not None


def _is_whole(cell: str) -> bool:
    return cell.isascii() and cell.isdigit()


def _counts_up(cells: Sequence[str]) -> bool:
    if not all(map(_is_whole, cells)) or len(cells) < 2:
        return False
    start = int(cells[0])
    return start in (0, 1) and [int(cell) for cell in cells] == list(
        range(start, start + len(cells))
    )


def _start(cells: Sequence[str], count: int = 6) -> str:
    more = ", ..." if len(cells) > count else ""
    return ", ".join(cells[:count]) + more
