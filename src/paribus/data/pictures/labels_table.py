"""Reader of image files with a table of labels: one row per image, with its file name and its class.

The table lies in the folder of the images or above it. A cell may omit the extension and the folder
of a file, provided that it matches exactly one image below the table's folder. Paths out of that
folder are refused.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np

from paribus.data.arrays.labels import Labels, as_labels
from paribus.data.dataset import Dataset, Said
from paribus.data.pictures.pictures import Listed, read_pictures
from paribus.data.pictures.tree import Tree, grown, plain_text, shown
from paribus.data.spec import ColumnNames, DataSpec
from paribus.data.tables.table_columns import PART_WORDS
from paribus.data.tables.table_header import LABEL_NAMES, PART_NAMES, is_number, plain_name
from paribus.data.tables.table_text import Table, is_table, read_cells, texts_of
from paribus.errors import DataError, Problem, did_you_mean
from paribus.wording import counted

__all__ = [
    "PictureTable",
    "contradicting_table",
    "labelled_pictures",
    "names_pictures",
    "read_labels_table",
    "tables_of",
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
_PIXELS = 4
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


class _Pictures:
    """Index of the images below a folder, by path and by name, each with and without extension."""

    def __init__(self, root: Tree) -> None:
        self.every = root.all_pictures()
        self.root = root.path
        names: dict[str, list[Path]] = defaultdict(list)
        for file in self.every:
            path = PurePosixPath(plain_text(file.relative_to(self.root).as_posix()))
            for text in {str(path), str(path.with_suffix("")), path.name, path.stem}:
                names[text].append(file)
        self._names: Mapping[str, list[Path]] = names

    def found(self, text: str) -> list[Path]:
        """Return the images that a cell may mean; an image with exactly this path excludes others."""
        plain = text.strip().replace("\\", "/").removeprefix("./")
        found = self._names.get(plain, [])
        literal = [f for f in found if plain_text(f.relative_to(self.root).as_posix()) == plain]
        return literal or found


def names_pictures(path: Path, spec: DataSpec) -> bool:
    """Return whether a table seems to list image files, judging by its first three lines.

    Args:
        path: path of the table.
        spec: data settings; with ``columns.file`` the answer is True.
    """
    if spec.columns is not None and spec.columns.file is not None:
        return True
    if path.name.lower().endswith(".gz"):
        return False
    try:
        with path.open("rb") as file:
            start = file.read(1 << 16).decode("utf-8", "replace")
    except OSError:
        return False
    lines = start.splitlines()[:3]
    if not lines or len(lines[-1]) > 4096:  # a long line has pixels
        return False
    cells = [cell.strip(" \"'") for line in lines for cell in _cells(line)]
    if _holds_pixels(cells):
        return False
    numbers = sum(map(is_number, _cells(lines[-1])))
    if numbers <= _PIXELS and any(_has_ending(cell) for cell in cells):
        return True
    header = [cell.strip(" \"'") for cell in _cells(lines[0])]
    named = any(plain_name(cell) in FILE_NAMES for cell in header)
    if not named and all(map(is_number, cells[len(header) :])):
        return False  # no need to search the folder of the table
    try:
        pictures = _Pictures(grown(path.absolute().parent))
    except DataError:
        return False
    return any(pictures.found(cell) for cell in cells if cell)


def _holds_pixels(cells: Sequence[str]) -> bool:
    """Return whether a cell contains several numbers: all pixels of an image."""
    return any(len(cell.split()) >= _PIXELS and all(map(is_number, cell.split())) for cell in cells)


def tables_of(root: Tree, spec: DataSpec) -> PictureTable | None:
    """Return the table of a folder that lists its images; None if there is none.

    Args:
        root: a folder with images.
        spec: data settings; ``columns`` is used.

    Raises:
        DataError: several tables list images.
    """
    tables = [file for file in root.others if is_table(file)]
    if not tables or not root.all_pictures():
        return None
    pictures = _Pictures(root)
    found = []
    for file in tables:
        try:
            item = _read(file, spec.columns, pictures)
        except DataError:
            if len(tables) == 1 and "label" in file.name.lower():
                raise
            continue
        found += [] if item is None else [item]
    if len(found) > 1:
        names = ", ".join(item.table.path.name for item in found)
        rule = "must hold one table of files and labels"
        fix = "Name one of them as the source."
        raise DataError(Problem(plain_text(str(root.path)), rule, names, fix))
    return found[0] if found else None


def contradicting_table(root: Tree, folder_of: Mapping[Path, str], spec: DataSpec) -> Path | None:
    """Return a table that lists images but has no column equivalent to their class folders, or None.

    Args:
        root: the folder of the tables.
        folder_of: image file -> name of its class folder.
        spec: data settings; ``columns`` is used.
    """
    tables = [file for file in root.others if is_table(file)]
    pictures = _Pictures(root) if tables else None
    for file in tables:
        try:
            found = _read(file, spec.columns, pictures) if pictures else None
        except DataError:  # an unrelated table may be unreadable
            continue
        if found is None or pictures is None:
            continue
        fitting = [pictures.found(text) for text in found.files]
        rows = [k for k, files in enumerate(fitting) if len(files) == 1 and files[0] in folder_of]
        folders = [folder_of[fitting[k][0]] for k in rows]
        others = [p for p in range(found.table.num_columns) if p != found.file]
        if (
            len(set(folders)) > 1
            and others
            and not any(
                _agrees([str(found.table.frame[p].to_numpy()[k]) for k in rows], folders)
                for p in others
            )
        ):
            return file
    return None


def _agrees(values: Sequence[str], folders: Sequence[str]) -> bool:
    """Return whether values and folders correspond one to one."""
    return len(set(values)) == len(set(folders)) == len(set(zip(values, folders, strict=True)))


def read_labels_table(path: Path, spec: DataSpec) -> Dataset | None:
    """Read the images that a table lists; None if no column contains file names.

    Args:
        path: path of the table; images lie in its folder or below.
        spec: data settings; used are ``columns``, ``background``, ``unreadable`` and a resize step.

    Raises:
        DataError: ambiguous columns, or files that are missing or unreadable.
    """
    root = grown(path.absolute().parent)
    pictures = _Pictures(root)
    found = _read(path, spec.columns, pictures)
    if found is None or (_seems_pixels(found.table) and not any(map(pictures.found, found.files))):
        return None
    listed, class_names, said = labelled_pictures(found, root, spec)
    return read_pictures(root.path, listed, class_names, said, spec)


def labelled_pictures(
    found: PictureTable, root: Tree, spec: DataSpec
) -> tuple[list[Listed], tuple[str, ...], Said]:
    """Return the images of a table with labels and parts, the class names, and remarks.

    Args:
        found: the table.
        root: the folder of its images.
        spec: data settings; ``columns`` is used.

    Raises:
        DataError: files that are missing, ambiguous, listed twice or outside the folder; ambiguous
            columns.
    """
    table, asked = found.table, spec.columns or ColumnNames()
    part = _part(table, asked, found.file)
    columns = _label(table, asked, {found.file, part})
    files = _resolved(found, _Pictures(root))
    labels = _labels(table, columns)
    roles = _roles(table, part)
    listed = [
        Listed(file, int(number), role)
        for file, number, role in zip(files, labels.parts[0], roles, strict=True)
    ]
    used = {part, *columns}
    return listed, labels.class_names, _said(found, root, set(files), used, labels)


def _seems_pixels(table: Table) -> bool:
    """Return whether the columns of numbers are so many that they may be pixels."""
    numbers = [
        place for place in range(table.num_columns) if table.frame[place].dtype.kind in "iuf"
    ]
    return len(numbers) > _PIXELS


def _refuse_padded(table: Table, column: int) -> None:
    """Refuse labels that are equal as numbers but not as text, such as 1 and 01."""
    words: dict[str, str] = {}
    for row, text in enumerate(texts_of(table, column)):
        if text.isascii() and text.isdigit():
            other = words.setdefault(str(int(text)), text)
            if other != text:
                rule = f"labels must be written alike: {other!r} is the same number"
                raise DataError(Problem(table.cell(row, column), rule, repr(text)))


def _labels(table: Table, columns: Sequence[int]) -> Labels:
    """Return the labels of one column, or of several one-hot columns."""
    first = columns[0]
    if len(columns) > 1:
        rows = table.frame[[*columns]].to_numpy()
        names = [table.names[place] for place in columns] if table.names else []
        return as_labels([rows], lambda _, row: table.cell(row or 0, first), columns=names)
    _refuse_padded(table, first)
    values = table.frame[first].to_numpy()
    truths = values.astype(np.str_) if values.dtype == object else values
    return as_labels(
        [truths], lambda _, row: table.column(first) if row is None else table.cell(row, first)
    )


def _said(
    found: PictureTable, root: Tree, files: set[Path], used: set[int | None], labels: Labels
) -> Said:
    table = found.table
    unlisted = [file for file in root.all_pictures() if file not in files]
    others = [f for item in root.every() for f in item.others if f != table.path]
    ignored = []
    if unlisted:
        name = table.path.name
        ignored.append(
            f"{counted(len(unlisted), 'picture')} that {name} does not list: {shown(unlisted, root.path)}"
        )
    if others:
        ignored.append(f"{counted(len(others), 'other file')}: {shown(others, root.path)}")
    rest = [p for p in range(table.num_columns) if p not in {found.file, *used}]
    if rest:
        ignored.append(f"of {table.path.name}: {', '.join(table.column(place) for place in rest)}")
    read = f"labels read from {table.path.name}, files from its {table.column(found.file)}"
    return Said((read, *found.changed, *labels.changed), tuple(ignored), labels.notes)


def _read(path: Path, asked: ColumnNames | None, pictures: _Pictures) -> PictureTable | None:
    """Read a table; None if no column contains file names.

    A first line that contains a file name is read as a row, not as a header.
    """
    header = None if asked is None else asked.header
    found = _with_files(read_cells(path, header=header), asked, pictures)
    if found is None or found.table.names is None or header is not None:
        return found
    first = found.table.names[found.file]
    known = plain_name(first) in FILE_NAMES
    if not _has_ending(first) and (known or not pictures.found(first)):
        return found
    again = _with_files(read_cells(path, header=False), asked, pictures)
    said = f"no header: the first line names the picture {first}"
    return again and replace(again, changed=(said,))


def _with_files(
    table: Table, asked: ColumnNames | None, pictures: _Pictures
) -> PictureTable | None:
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


def _names_any(cells: Sequence[str], pictures: _Pictures) -> bool:
    probe = [cell for cell in cells[:_PROBE] if cell]
    ending = [cell for cell in probe if _has_ending(cell)]
    fitting = [cell for cell in probe if pictures.found(cell)]
    return bool(probe) and 2 * max(len(fitting), len(ending)) > len(probe)


def _has_ending(cell: str) -> bool:
    from paribus.data.pictures.decoding import is_picture_name

    return is_picture_name(cell)


def _resolved(found: PictureTable, pictures: _Pictures) -> list[Path]:
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


def _part(table: Table, asked: ColumnNames, file: int) -> int | None:
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


def _label(table: Table, asked: ColumnNames, taken: set[int | None]) -> list[int]:
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


def _roles(table: Table, part: int | None) -> list[int]:
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


def _cells(line: str) -> list[str]:
    separator = max(",;\t|", key=line.count)
    return line.split(separator if separator in line else None)
