"""Recognition of a table's columns: label, part, pixels, and columns to ignore."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from paribus.data.spec import ColumnNames
from paribus.data.tables.table_header import INDEX_NAMES, LABEL_NAMES, PART_NAMES, plain_name
from paribus.data.tables.table_text import Table
from paribus.errors import DataError, Problem, did_you_mean

__all__ = ["PART_WORDS", "Columns", "columns_of"]

PART_WORDS = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
    "publictest": "validation",
    "privatetest": "test",
}
"""Word in a part column -> part. ``PublicTest`` and ``PrivateTest`` are the names of FER2013, whose
private test set is the final one."""
_TYPICAL = 0.8
"""If at least this fraction of pixel columns is named alike, the few others are suspicious."""


@dataclass(frozen=True)
class Columns:
    """Positions of a table's columns, with remarks for the user."""

    label: int
    pixels: tuple[int, ...]
    part: int | None = None
    changed: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()


def columns_of(table: Table, asked: ColumnNames | None, *, shaped: bool = False) -> Columns:
    """Recognise the role of each column.

    Args:
        table: the table.
        asked: roles given by the study.
        shaped: whether the study gives the shape of the images.

    Raises:
        DataError: no column, or several, can be the label; column names that occur twice; columns
            that are no pixels by their names.
    """
    asked = asked or ColumnNames()
    _refuse_repeated_names(table)
    ignored = {_found(table, name, "ignore"): "data.columns.ignore" for name in asked.ignore}
    given = None if asked.label is None else _found(table, asked.label, "label")
    part = None if asked.part is None else _found(table, asked.part, "part")
    ignored |= {
        place: why
        for place, why in _no_pixels(table).items()
        if place not in ignored and place not in (given, part)
    }
    if part is None:
        part = _part_column(table, {*ignored, given})
    rest = [place for place in range(table.num_columns) if place not in ignored and place != part]
    label, changed = (given, ()) if given is not None else _label_column(table, rest)
    pixels = tuple(place for place in rest if place != label)
    if not pixels:
        rule = "must have columns of pixels besides the label"
        raise DataError(Problem(str(table.path), rule, _candidates(table, rest)))
    _refuse_unlike(table, pixels)
    if not shaped:
        _refuse_measurements(table, pixels)
    pixels, more = _in_order(table, pixels)
    if part is not None:
        changed = (*changed, f"{table.column(part)} read as the part of each row")
    return Columns(
        label,
        pixels,
        part,
        (*changed, *more),
        tuple(f"{table.column(place)} ({why})" for place, why in sorted(ignored.items())),
    )


def _refuse_repeated_names(table: Table) -> None:
    repeated = [(name, n) for name, n in Counter(table.names or ()).items() if name and n > 1]
    if repeated:
        name, count = repeated[0]
        more = f" and {len(repeated) - 1} more names" if len(repeated) > 1 else ""
        rule, fix = "every column must have its own name", "Rename or remove the copies."
        raise DataError(Problem(str(table.path), rule, f"{count} called {name!r}{more}", fix))


def _found(table: Table, wanted: str | int, key: str) -> int:
    """Return the position of a column that the study gives by name or number."""
    names = table.names or ()
    if isinstance(wanted, int):
        if wanted < table.num_columns:
            return wanted
        rule = f"must be a column from 0 to {table.num_columns - 1}"
        raise DataError(Problem(f"data.columns.{key}", rule, str(wanted)))
    same = [place for place, name in enumerate(names) if name == wanted]
    same = same or [p for p, name in enumerate(names) if name.lower() == wanted.lower()]
    if len(same) == 1:
        return same[0]
    rule = f"must name a column of {table.path}"
    fix = did_you_mean(wanted, names) if names else "It has no header: give a number from 0."
    raise DataError(Problem(f"data.columns.{key}", rule, repr(wanted), fix[:300]))


def _no_pixels(table: Table) -> dict[int, str]:
    """Return position -> reason, of index columns (recognised by name) and of an empty last column."""
    found: dict[int, str] = {}
    for place, name in enumerate(table.names or ()):
        plain = plain_name(name)
        if (plain in INDEX_NAMES or not plain) and _is_unique(table, place):
            found[place] = "numbers or names the rows"
    last = table.num_columns - 1
    if not (table.names and table.names[last]) and _is_empty(table, last):
        found[last] = "an empty column, from a separator at the end of each line"
    return found


def _values(table: Table, place: int) -> npt.NDArray[np.generic]:
    values: npt.NDArray[np.generic] = table.frame[place].to_numpy()
    return values.astype(str) if values.dtype == object else values


def _is_unique(table: Table, place: int) -> bool:
    values = _values(table, place)
    return len(np.unique(values)) == len(values) and values.dtype.kind in "iuU"


def _is_empty(table: Table, place: int) -> bool:
    values = _values(table, place)
    return values.dtype.kind == "U" and bool((values == "").all())


def _part_column(table: Table, taken: set[int | None]) -> int | None:
    """Return the column named ``split`` or similar (`PART_NAMES`) with only names of parts in it."""
    for place, name in enumerate(table.names or ()):
        if place in taken or plain_name(name) not in PART_NAMES:
            continue
        values = _values(table, place)
        if values.dtype.kind == "U" and {str(v).strip().lower() for v in values} <= set(PART_WORDS):
            return place
    return None


def _label_column(table: Table, rest: Sequence[int]) -> tuple[int, tuple[str, ...]]:
    """Return the label column and a remark.

    It is recognised by its name, else as the only column of text, else as the only one of the first
    and the last column whose numbers can be classes.
    """
    if table.names is not None:
        named = [place for place in rest if plain_name(table.names[place]) in LABEL_NAMES]
        if len(named) > 1:
            raise DataError(_unclear(table, named, "several columns are called like labels"))
        if named:
            return named[0], ()
    texts = [place for place in rest if _values(table, place).dtype.kind == "U"]
    if len(texts) == 1 and len(rest) > 1 and _repeats(_values(table, texts[0])):
        return texts[0], (f"{table.column(texts[0])}, the only text, read as the label",)
    ends = list(dict.fromkeys((rest[0], rest[-1]))) if rest else []
    able = [place for place in ends if _can_be_classes(_values(table, place))]
    if len(able) != 1:
        why = "both ends of a row can be" if able else "no column is called or looks like"
        raise DataError(_unclear(table, able or ends, f"{why} the label"))
    _refuse_binary(table, able[0], ends)
    values = np.unique(_values(table, able[0])).astype(np.int64)
    said = f"{table.column(able[0])} read as the label: it holds the classes {values[0]} to {values[-1]}"
    return able[0], (said,)


def _refuse_binary(table: Table, chosen: int, ends: Sequence[int]) -> None:
    """Refuse a label of zeros and ones beside binary pixels if the column at the other end has more values."""
    others = [end for end in ends if end != chosen]
    inner = table.frame.iloc[:, 1:-1].to_numpy()
    if not others or inner.dtype.kind not in "iuf" or not bool(np.isin(inner, (0, 1)).all()):
        return
    other = _values(table, others[0])
    distinct = np.unique(other)
    label_like = other.dtype.kind in "iuf" and 2 <= len(distinct) <= len(other) // 2
    if (
        set(np.unique(_values(table, chosen)).tolist()) <= {0, 1}
        and label_like
        and not np.isin(distinct, (0, 1)).all()
    ):
        raise DataError(_unclear(table, ends, "both ends of a row can be the label"))


def _repeats(values: npt.NDArray[np.generic]) -> bool:
    distinct = np.unique(values)
    numbers = sum(re.fullmatch(r"[+-]?\d*\.?\d*", str(value)) is not None for value in distinct)
    return 2 <= len(distinct) < len(values) and not numbers


def _can_be_classes(values: npt.NDArray[np.generic]) -> bool:
    """Return whether values are 0, 1, 2 ... or 1, 2, 3 ... without a gap, on average twice each or more."""
    if values.dtype.kind not in "iuf" or (
        values.dtype.kind == "f" and not np.isfinite(values).all()
    ):
        return False
    found = np.unique(values).astype(np.float64)
    start = found[0]
    counted = start in (0, 1) and bool((found == start + np.arange(len(found))).all())
    return counted and len(found) >= 2 and len(values) >= 2 * len(found)


def _unclear(table: Table, places: Sequence[int], why: str) -> Problem:
    names: list[str | int] = [p if table.names is None else table.names[p] for p in places]
    fix = " or ".join(f"data.columns: {{label: {name}}}" for name in names) or None
    got = f"{why} ({_candidates(table, places)})"
    rule = "the column of the label must be clear"
    counting = [
        name for name, place in zip(names, places, strict=True) if _counts_rows(table, place)
    ]
    index = (
        f" {counting[0]} counts the rows: data.columns: {{ignore: [{counting[0]}]}}."
        if counting
        else ""
    )
    return Problem(str(table.path), rule, got, f"Write {fix}.{index}" if fix else None)


def _counts_rows(table: Table, place: int) -> bool:
    values = _values(table, place)
    return values.dtype.kind == "i" and len(values) > 2 and bool((np.diff(values) == 1).all())


def _candidates(table: Table, places: Sequence[int]) -> str:
    shown = []
    for place in list(places)[:4]:
        values = [str(value) for value in _values(table, place)[:4]]
        shown.append(f"{table.column(place)}: {', '.join(values)}, ...")
    return "; ".join(shown) or "none"


def _refuse_unlike(table: Table, pixels: Sequence[int]) -> None:
    """Refuse a column whose name differs in pattern from the other pixel columns."""
    if table.names is None:
        return
    patterns = {place: re.sub(r"\d+", "#", table.names[place]) for place in pixels}
    ((usual, count),) = Counter(patterns.values()).most_common(1)
    odd = [place for place, pattern in patterns.items() if pattern != usual]
    if not odd or len(pixels) < 9 or count < _TYPICAL * len(pixels) or len(odd) > 5:
        return
    names = ", ".join(table.names[place] for place in odd)
    rule = "columns of pixels must be named alike"
    fix = f"Write data.columns: {{ignore: [{names}]}} if they are no pixels, else rename them."
    got = f"{names}, where the others are called {usual.replace('#', 'N')!r}"
    raise DataError(Problem(str(table.path), rule, got, fix))


def _refuse_measurements(table: Table, pixels: Sequence[int]) -> None:
    """Refuse columns with distinct names without digits, such as length and width: measurements."""
    names = [] if table.names is None else [table.names[place] for place in pixels]
    if len(names) < 2 or any(character.isdigit() for name in names for character in name):
        return
    if len({name.lower() for name in names}) == len(names):
        shown = ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")
        rule, fix = "columns of pixels must be numbered", "If they are pixels, write data.shape."
        raise DataError(Problem(str(table.path), rule, shown, fix))


def _in_order(table: Table, pixels: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Sort pixel columns by the numbers in their names (``p1, p10, p2`` becomes ``p1, p2, p10``)."""
    if table.names is None:
        return pixels, ()
    names = [table.names[place] for place in pixels]
    colours = _by_colour(pixels, names) or _by_row_and_column(pixels, names)
    if colours is not None:
        return colours
    found = [re.fullmatch(r"(\D*)(\d+)(\D*)", name) for name in names]
    matches = [match for match in found if match is not None]
    if len(matches) < len(names) or len({(m[1], m[3]) for m in matches}) > 1:
        return pixels, ()
    numbers = [int(match[2]) for match in matches]
    if numbers == sorted(numbers):
        return pixels, ()
    order = sorted(range(len(numbers)), key=numbers.__getitem__)
    said = f"columns read in the order of the numbers in their names, {names[order[0]]!r} first"
    return tuple(pixels[place] for place in order), (said,)


_COLOURS = {"r": 0, "red": 0, "g": 1, "green": 1, "b": 2, "blue": 2}
Ordered = tuple[tuple[int, ...], tuple[str, ...]]


def _by_colour(pixels: tuple[int, ...], names: Sequence[str]) -> Ordered | None:
    """Reorder ``R0, R1, ..., G0, ..., B0, ...`` to R0, G0, B0, R1, ...; None for other names."""
    found = [re.fullmatch(r"([A-Za-z]+)[^A-Za-z0-9]*(\d+)", name) for name in names]
    matches = [match for match in found if match and match[1].lower() in _COLOURS]
    if len(matches) < len(names) or len({_COLOURS[m[1].lower()] for m in matches}) != 3:
        return None
    keys = [(int(match[2]), _COLOURS[match[1].lower()]) for match in matches]
    order = sorted(range(len(keys)), key=keys.__getitem__)
    if len(set(keys)) < len(keys) or order == list(range(len(keys))):
        return None
    said = f"columns put in the order {', '.join(names[k] for k in order[:4])} ...: the colours of a pixel together"
    return tuple(pixels[place] for place in order), (said,)


def _by_row_and_column(pixels: tuple[int, ...], names: Sequence[str]) -> Ordered | None:
    """Sort columns named by row and column, such as ``1x1, 1x10, 1x2``; None for other names."""
    found = [re.fullmatch(r"(\D*)(\d+)(\D+)(\d+)(\D*)", name) for name in names]
    matches = [match for match in found if match is not None]
    if len(matches) < len(names) or len({(m[1], m[3], m[5]) for m in matches}) > 1:
        return None
    column_first = matches[0][1].lower().strip("_ ") in ("x", "c", "col", "column")
    first, second = (4, 2) if column_first else (2, 4)
    keys = [(int(match[first]), int(match[second])) for match in matches]
    rows, columns = ({key[axis] for key in keys} for axis in (0, 1))
    order = sorted(range(len(keys)), key=keys.__getitem__)
    if len(set(keys)) < len(rows) * len(columns) or order == list(range(len(keys))):
        return None
    said = f"columns put in the order {', '.join(names[k] for k in order[:3])} ...: row by row, as they are named"
    return tuple(pixels[place] for place in order), (said,)
