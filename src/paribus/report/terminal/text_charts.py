"""Charts in one line of text: an interval on an axis, a curve, a share.

Every function has a variant in ASCII for terminals without Unicode.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from rich.cells import cell_len

__all__ = ["interval_bar", "progress_bar", "shortened", "shortened_names", "span", "sparkline"]

_BLOCKS = "▁▂▃▄▅▆▇█"
_BLOCKS_ASCII = "_.-~=+*#"
_BAR = {False: ("├", "─", "┤", "●", "│"), True: ("|", "-", "|", "o", ":")}
"""Unicode and ASCII: left end, line, right end, mean, mark."""


def span(values: Iterable[float]) -> tuple[float, float] | None:
    """Return the lowest and the highest finite number; None if there is none.

    Example:
        >>> span([0.2, float("nan"), 0.9]), span([])
        ((0.2, 0.9), None)
    """
    known = [value for value in values if math.isfinite(value)]
    return (min(known), max(known)) if known else None


def interval_bar(
    interval: tuple[float, float, float],
    axis: tuple[float, float],
    *,
    width: int,
    mark: float | None = None,
    ascii_only: bool = False,
) -> str:
    """Draw a mean and its interval on an axis.

    Args:
        interval: lowest value, mean, highest value; the ends can be NaN.
        axis: values of the first and the last letter.
        width: letters.
        mark: a value of the axis to mark, e.g. zero.
        ascii_only: leave Unicode out.

    Example:
        >>> interval_bar((0.2, 0.5, 0.8), (0.0, 1.0), width=11)
        '  ├──●──┤  '
        >>> interval_bar((0.2, 0.5, 0.8), (0.0, 1.0), width=11, mark=0.0, ascii_only=True)
        ': |--o--|  '
        >>> interval_bar((float("nan"), 1.0, float("nan")), (0.0, 1.0), width=5)
        '    ●'
    """
    left, line, right, dot, rule = _BAR[ascii_only]
    letters = [" "] * width
    low, mean, high = interval
    if math.isfinite(low) and math.isfinite(high):
        first, last = _place(low, axis, width), _place(high, axis, width)
        letters[first : last + 1] = line * (last - first + 1)
        letters[first], letters[last] = left, right
    if mark is not None and axis[0] <= mark <= axis[1]:
        letters[_place(mark, axis, width)] = rule
    if math.isfinite(mean):
        letters[_place(mean, axis, width)] = dot
    return "".join(letters)


def sparkline(
    values: Sequence[float], axis: tuple[float, float], *, width: int, ascii_only: bool = False
) -> str:
    """Draw a curve as blocks; of more values than letters, evenly spaced ones with both ends.

    Example:
        >>> sparkline([0.0, 0.5, 1.0], (0.0, 1.0), width=8)
        '▁▅█'
        >>> sparkline([0.0, 0.5, 1.0], (0.0, 1.0), width=2, ascii_only=True)
        '_#'
    """
    blocks = _BLOCKS_ASCII if ascii_only else _BLOCKS
    if len(values) > width:
        step = (len(values) - 1) / max(1, width - 1)
        values = [values[round(k * step)] for k in range(width)]
    return "".join(
        blocks[_place(value, axis, len(blocks))] if math.isfinite(value) else " "
        for value in values
    )


def progress_bar(
    shares: Sequence[tuple[int, str]], *, width: int, ascii_only: bool = False
) -> list[tuple[str, str]]:
    """Return the segments of a bar, each with its label; counts above zero get at least one letter.

    Args:
        shares: count and word, left to right.
        width: letters of the whole bar, at least one per count.
        ascii_only: leave Unicode out.

    Example:
        >>> progress_bar([(3, "done"), (0, "failed"), (1, "pending")], width=8)
        [('██████', 'done'), ('░░', 'pending')]
        >>> progress_bar([(99, "done"), (1, "failed")], width=6, ascii_only=True)
        [('#####', 'done'), ('x', 'failed')]
    """
    letters = {"done": "█#", "running": "▒+", "failed": "╳x", "pending": "░."}
    shown = [(count, word) for count, word in shares if count > 0]
    total = sum(count for count, _ in shown)
    lengths = [max(1, width * count // total) for count, _ in shown]
    while shown and sum(lengths) != width:
        change = 1 if sum(lengths) < width else -1
        largest = max(range(len(lengths)), key=lambda k: lengths[k])
        lengths[largest] += change
    return [
        (letters[word][ascii_only] * length, word)
        for (_, word), length in zip(shown, lengths, strict=True)
    ]


def shortened(text: str, width: int, *, head: float = 0.5, ascii_only: bool = False) -> str:
    """Leave out the middle of a text that is too wide; ``head`` is the share kept of its beginning.

    Example:
        >>> shortened("one/batch_norm", 9), shortened("short", 9)
        ('one/…norm', 'short')
        >>> shortened("one/batch_norm", 9, ascii_only=True)
        'one...orm'
    """
    gap = "..." if ascii_only else "…"
    if cell_len(text) <= width:
        return text
    room = max(0, width - len(gap))
    start, end = round(head * room), room - round(head * room)
    return _fitting(text, start) + gap[:width] + _fitting(text[::-1], end)[::-1]


def shortened_names(
    names: Sequence[str], width: int, *, ascii_only: bool = False
) -> dict[str, str]:
    """Shorten names so that they stay apart: other shares of their beginnings, then numbers.

    Example:
        >>> shortened_names(["long/with-a-x/same", "long/with-b-x/same"], 9)
        {'long/with-a-x/same': '1…-x/same', 'long/with-b-x/same': '2…-x/same'}
        >>> shortened_names(["l2/of-everything", "l1/of-everything"], 9)
        {'l2/of-everything': 'l2/o…hing', 'l1/of-everything': 'l1/o…hing'}
    """
    for head in (0.5, 0.3, 0.7, 0.1, 0.9):
        found = {name: shortened(name, width, head=head, ascii_only=ascii_only) for name in names}
        if len(set(found.values())) == len(found):
            return found
    gap = "..." if ascii_only else "…"
    return {
        name: _numbered(name, f"{number}{gap}", width) if cell_len(name) > width else name
        for number, name in enumerate(names, 1)
    }


def _numbered(name: str, start: str, width: int) -> str:
    return start + _fitting(name[::-1], max(0, width - len(start)))[::-1]


def _place(value: float, axis: tuple[float, float], width: int) -> int:
    """Return the letter of a value; the middle of an axis without length."""
    low, high = axis
    share = (value - low) / (high - low) if high > low else 0.5
    return min(width - 1, max(0, math.floor(share * (width - 1) + 0.5)))


def _fitting(text: str, width: int) -> str:
    """Return the beginning of a text that fits; a letter can be two cells wide."""
    text = text[:width]
    while cell_len(text) > width:
        text = text[:-1]
    return text
