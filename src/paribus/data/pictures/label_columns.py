"""Columns of a table of labels: which one names the image files, the class and the part of the split."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np

from paribus.data.pictures.tree import Tree, plain_text, shown
from paribus.data.same_names import composed
from paribus.data.spec import ColumnNames
from paribus.data.tables.table_columns import PART_WORDS
from paribus.data.tables.table_header import LABEL_NAMES, PART_NAMES, is_number, plain_name
from paribus.data.tables.table_text import Table, read_cells, texts_of
from paribus.errors import DataError, Problem, did_you_mean
from paribus.wording import counted

__all__ = [
    "FILE_NAMES",
    "PIXELS",
    "PictureTable",
    "Pictures",
    "cells_of",
    "has_ending",
    "label_columns",
    "part_column",
    "read_table",
    "resolved",
    "roles_of",
]

FILE_NAMES = frozenset(
    {
        *("file", "files", "filename", "filenames", "filepath", "path", "name", "id"),
        *("image", "images", "imagename", "imagepath", "imagefile", "imagefilename", "imageid"),
        *("img", "imgname", "imgpath", "imgid", "picture", "photo"),
    }
)
"""Normalised names (`plain_name`) of columns that may contain file names."""
_ROLES = ("train", "validation", "test")
_MOST_PROBLEMS = 5
"""Largest number of problems listed in an error."""
PIXELS = 4
"""With this many numbers in a cell, or more columns of numbers, they are pixels if no image matches."""
_PROBE = 50
"""Number of rows examined to decide whether a column contains file names."""


@dataclass(frozen=True)
class PictureTable:
    """A table with a column of image file names."""

    table: Table
    file: int
    """Position of that column."""
    files: tuple[str, ...]
    """``(row,)``, cells of that column as written."""
    changed: tuple[str, ...] = ()
    """Remarks about unusual reading, for example that the first line is no header."""


class Pictures:
    """Index of the images below a folder, by path and by name, each with and without extension.

    Letters are compared in their composed form, since tables and folders may come from different systems.
    """

    def __init__(self, root: Tree) -> None:
        self.every = root.all_pictures()
        self.root = root.path
        names: dict[str, list[Path]] = defaultdict(list)
        for file in self.every:
            path = PurePosixPath(plain_text(file.relative_to(self.root).as_posix()))
            for text in {str(path), str(path.with_suffix("")), path.name, path.stem}:
                names[composed(text)].append(file)
        self._names: Mapping[str, list[Path]] = names

    def found(self, text: str) -> list[Path]:
        """Return the images that a cell may mean; an image with exactly this path excludes others."""
        plain = text.strip().replace("\\", "/").removeprefix("./")
        found = self._names.get(composed(plain), [])
        literal = [f for f in found if plain_text(f.relative_to(self.root).as_posix()) == plain]
        return literal or found


def read_table(path: Path, asked: ColumnNames | None, pictures: Pictures) -> PictureTable | None:
    """Read a table; None if no column contains file names.

    A first line that contains a file name is read as a row, not as a header.
    """
    header = None if asked is None else asked.header
    found = _with_files(read_cells(path, header=header), asked, pictures)
    if found is None or found.table.names is None or header is not None:
        return found
    first = found.table.names[found.file]
    known = plain_name(first) in FILE_NAMES
    if not has_ending(first) and (known or not pictures.found(first)):
        return found
    again = _with_files(read_cells(path, header=False), asked, pictures)
    said = f"no header: the first line names the picture {first}"
    return again and replace(again, changed=(said,))


def _with_files(table: Table, asked: ColumnNames | None, pictures: Pictures) -> PictureTable | None:
    """Return the table with its column of file names; None if it has none."""
    if asked is not None and asked.file is not None:
        place = _place(table, asked.file, "file")
        return PictureTable(table, place, tuple(texts_of(table, place)))
    if table.num_columns > 64:
        return None
    texts = {place: tuple(texts_of(table, place)) for place in range(table.num_columns)}
    named = [p for p in texts if table.names and plain_name(table.names[p]) in FILE_NAMES]
    naming = [
        place
        for place, cells in texts.items()
        if _names_any(cells if place in named else _not_numbers(cells), pictures)
    ]
    named = [place for place in naming if place in named]
    if len(naming) > 1 and len(named) == 1:
        naming = named
    if len(naming) > 1:
        fix = "Write data.columns: {file: NAME}."
        got = " and ".join(table.column(place) for place in naming)
        raise DataError(Problem(str(table.path), "the column of the files must be clear", got, fix))
    return PictureTable(table, naming[0], texts[naming[0]]) if naming else None


def _not_numbers(cells: Sequence[str]) -> list[str]:
    """Replace numeric cells by "": a file called ``7.png`` would match pixels and classes of 7."""
    return ["" if is_number(cell) else cell for cell in cells]


def _names_any(cells: Sequence[str], pictures: Pictures) -> bool:
    probe = [cell for cell in cells[:_PROBE] if cell]
    ending = [cell for cell in probe if has_ending(cell)]
    fitting = [cell for cell in probe if pictures.found(cell)]
    return bool(probe) and 2 * max(len(fitting), len(ending)) > len(probe)


def has_ending(cell: str) -> bool:
    """Return whether a cell ends as the name of an image file does."""
    from paribus.data.pictures.decoding import is_picture_name

    return is_picture_name(cell)


def resolved(found: PictureTable, pictures: Pictures) -> list[Path]:
    """Return the image file of every row.

    Raises:
        DataError: files that are missing, ambiguous, listed twice or outside the folder.
    """
    files: list[Path] = []
    problems: list[Problem] = []
    first: dict[Path, int] = {}
    for row, text in enumerate(found.files):
        where = found.table.cell(row, found.file)
        fitting = pictures.found(text)
        if _leaves(text):
            rule = "must be a path below the folder of the table"
            problems.append(Problem(where, rule, repr(text)))
        elif len(fitting) != 1:
            names = shown(fitting, pictures.root) if fitting else "no such picture"
            rule = f"must name one picture below {pictures.root.name}/"
            problems.append(Problem(where, rule, f"{text!r}: {names}"))
        elif fitting[0] in first:
            rule = f"must name another picture than row {first[fitting[0]] + 1}"
            problems.append(Problem(where, rule, repr(text), "Keep one of the rows."))
        else:
            first[fitting[0]] = row
            files.append(fitting[0])
    if problems:
        more = len(problems) - _MOST_PROBLEMS
        if more > 0:
            rest = Problem(str(found.table.path), f"{counted(more, 'more row')} must name pictures")
            problems[_MOST_PROBLEMS:] = [rest]
        raise DataError(problems)
    return files


def _leaves(text: str) -> bool:
    plain = text.strip().replace("\\", "/")
    absolute = PurePosixPath(plain).is_absolute() or bool(PureWindowsPath(text).drive)
    return absolute or ".." in PurePosixPath(plain).parts


def part_column(table: Table, asked: ColumnNames, file: int) -> int | None:
    """Return the position of the column that names the part of the split; None if there is none."""
    if asked.part is not None:
        return _place(table, asked.part, "part")
    for place, name in enumerate(table.names or ()):
        words = {str(value).strip().lower() for value in table.frame[place].to_numpy()}
        if place != file and plain_name(name) in PART_NAMES and words & set(PART_WORDS):
            _refuse_other_parts(table, place)
            return place
    return None


def _refuse_other_parts(table: Table, place: int) -> None:
    """Refuse a part column with a word that is no part's name."""
    for row, value in enumerate(table.frame[place].to_numpy()):
        if str(value).strip().lower() not in PART_WORDS:
            rule = "must be train, validation or test"
            fix = f"Rename it, or write data.columns: {{ignore: [{table.names[place] if table.names else place}]}}."
            raise DataError(Problem(table.cell(row, place), rule, repr(str(value)), fix))


def label_columns(table: Table, asked: ColumnNames, taken: set[int | None]) -> list[int]:
    """Return the position of the label column, or the positions of all one-hot columns."""
    if asked.label is not None:
        return [_place(table, asked.label, "label")]
    ignored = {_place(table, name, "ignore") for name in asked.ignore}
    rest = [p for p in range(table.num_columns) if p not in taken and p not in ignored]
    named = [p for p in rest if table.names and plain_name(table.names[p]) in LABEL_NAMES]
    chosen = named or rest
    if len(chosen) == 1 or (len(chosen) > 1 and not named and _is_one_hot(table, chosen)):
        return chosen
    got = " or ".join(table.column(place) for place in chosen) or "no column beside the files"
    rule = "the column of the label must be clear"
    raise DataError(Problem(str(table.path), rule, got, "Write data.columns: {label: NAME}."))


def _is_one_hot(table: Table, columns: Sequence[int]) -> bool:
    rows = table.frame[[*columns]].to_numpy()
    return rows.dtype.kind in "iufb" and bool(np.isin(rows, (0, 1)).all())


def roles_of(table: Table, part: int | None) -> list[int]:
    """Return the part of every row: 0 for training, 1 for validation, 2 for test."""
    if part is None:
        return [0] * len(table.frame)
    words = [str(value).strip().lower() for value in table.frame[part].to_numpy()]
    problems = [
        Problem(table.cell(row, part), "must be train, validation or test", repr(word))
        for row, word in enumerate(words)
        if word not in PART_WORDS
    ]
    if problems:
        raise DataError(problems[:_MOST_PROBLEMS])
    return [_ROLES.index(PART_WORDS[word]) for word in words]


def _place(table: Table, wanted: str | int, key: str) -> int:
    names = table.names or ()
    if isinstance(wanted, int) and wanted < table.num_columns:
        return wanted
    if isinstance(wanted, str) and wanted in names:
        return names.index(wanted)
    fix = did_you_mean(str(wanted), names) or "It has no header: give a number from 0."
    rule = f"must name a column of {table.path.name}"
    raise DataError(Problem(f"data.columns.{key}", rule, repr(wanted), fix))


def cells_of(line: str) -> list[str]:
    """Split a line at the separator that it contains most often."""
    separator = max(",;\t|", key=line.count)
    return line.split(separator if separator in line else None)
