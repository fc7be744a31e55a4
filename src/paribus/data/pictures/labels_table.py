"""Reader of image files with a table of labels: one row per image, with its file name and its class.

The table lies in the folder of the images or above it. A cell may omit the extension and the folder
of a file, provided that it matches exactly one image below the table's folder. Paths out of that
folder are refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from paribus.data.arrays.labels import Labels, as_labels
from paribus.data.dataset import Dataset, Said
from paribus.data.pictures.label_columns import (
    FILE_NAMES,
    PIXELS,
    Pictures,
    PictureTable,
    cells_of,
    has_ending,
    label_columns,
    part_column,
    read_table,
    resolved,
    roles_of,
)
from paribus.data.pictures.pictures import Listed, read_pictures
from paribus.data.pictures.tree import Tree, grown, plain_text, shown
from paribus.data.spec import ColumnNames, DataSpec
from paribus.data.tables.table_header import is_number, plain_name
from paribus.data.tables.table_text import Table, is_table, texts_of
from paribus.errors import DataError, Problem
from paribus.wording import counted

__all__ = [
    "PictureTable",
    "contradicting_table",
    "labelled_pictures",
    "names_pictures",
    "read_labels_table",
    "tables_of",
]


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
    cells = [cell.strip(" \"'") for line in lines for cell in cells_of(line)]
    if _holds_pixels(cells):
        return False
    numbers = sum(map(is_number, cells_of(lines[-1])))
    if numbers <= PIXELS and any(has_ending(cell) for cell in cells):
        return True
    header = [cell.strip(" \"'") for cell in cells_of(lines[0])]
    named = any(plain_name(cell) in FILE_NAMES for cell in header)
    if not named and all(map(is_number, cells[len(header) :])):
        return False  # no need to search the folder of the table
    try:
        pictures = Pictures(grown(path.absolute().parent))
    except DataError:
        return False
    return any(pictures.found(cell) for cell in cells if cell)


def _holds_pixels(cells: Sequence[str]) -> bool:
    """Return whether a cell contains several numbers: all pixels of an image."""
    return any(len(cell.split()) >= PIXELS and all(map(is_number, cell.split())) for cell in cells)


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
    pictures = Pictures(root)
    found = []
    for file in tables:
        try:
            item = read_table(file, spec.columns, pictures)
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
    pictures = Pictures(root) if tables else None
    for file in tables:
        try:
            found = read_table(file, spec.columns, pictures) if pictures else None
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
    pictures = Pictures(root)
    found = read_table(path, spec.columns, pictures)
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
    part = part_column(table, asked, found.file)
    columns = label_columns(table, asked, {found.file, part})
    files = resolved(found, Pictures(root))
    labels = _labels(table, columns)
    roles = roles_of(table, part)
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
    return len(numbers) > PIXELS


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
