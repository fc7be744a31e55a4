"""Style of all charts: palettes for white and dark pages, fonts, and conversion from Altair to SVG.

Colours are Okabe & Ito's, which colour-blind readers can tell apart.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import Any, ParamSpec, TypeAlias

__all__ = [
    "DARK",
    "FONTS",
    "INK",
    "MARGIN",
    "PALETTE",
    "RULE",
    "bounds",
    "count_of",
    "drawn",
    "to_svg",
]

PALETTE = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000", "#B8A800"]
P = ParamSpec("P")
Tables: TypeAlias = Mapping[str, Sequence[Mapping[str, Any]]]
"""Name of a data set -> its rows."""
INK = "#000"
RULE = "#666"
"""Colour of the zero line and other reference lines."""
MARGIN = "#d7dbe0"
"""Colour of the range of negligible differences."""


DARK = {
    # letters, lines and areas without data
    "#000": "#e6edf3",
    "black": "#e6edf3",
    "#111": "#e6edf3",
    "#1b1f24": "#e6edf3",
    "#555": "#9ea7b3",
    "#666": "#9ea7b3",
    "#888": "#7d8792",
    "#8a949e": "#6b7580",
    "#ddd": "#343b44",
    "#d7dbe0": "#3f4853",
    "white": "#181d24",
    # series
    "#0072B2": "#3f9ee0",
    "#E69F00": "#E69F00",
    "#009E73": "#23b88a",
    "#CC79A7": "#d98cb6",
    "#56B4E9": "#9bd4f7",
    "#D55E00": "#f0813a",
    "#000000": "#f5f5f5",
    "#B8A800": "#c9bb1e",
    # verdicts
    "#116329": "#56d364",
    "#a40e26": "#ff8087",
    "#7d4e00": "#e3b341",
    # boxes of a network
    "#eef1f4": "#2b323b",
    "#cfe3f5": "#1f4262",
    "#d8efdf": "#1f4a32",
    "#fde7c3": "#574216",
    "#f3dcea": "#532f45",
    "#d55e00": "#f0813a",
}
"""Colour on white -> colour on a dark page. Text colours inside coloured cells have none."""


def count_of(numbers: Iterable[int]) -> str:
    """Return "n 5", or "n 3 to 5" where it differs.

    Example:
        >>> count_of([5, 5]), count_of([5, 3])
        ('n 5', 'n 3 to 5')
    """
    found = sorted(set(numbers))
    return f"n {found[0]}" if len(found) == 1 else f"n {found[0]} to {found[-1]}"


def bounds(metric: str, mean: float, low: float, high: float) -> tuple[float, float]:
    """Return the ends of an interval to draw, clipped to 0 and 100 %; the mean if there is no interval."""
    if not math.isfinite(low):
        return mean, mean
    return (max(low, 0.0), min(high, 1.0)) if metric.endswith("accuracy") else (low, high)


CHECKED = False
"""Whether Altair validates charts against its schema; tests switch this on, since it is slow."""


def drawn(draw: Callable[P, str]) -> Callable[P, str]:
    """Decorate a drawing function so that Altair does not validate against its schema."""

    @wraps(draw)
    def quickly(*args: P.args, **kwargs: P.kwargs) -> str:
        from altair.utils.schemapi import debug_mode

        with debug_mode(CHECKED):
            return draw(*args, **kwargs)

    return quickly


def to_svg(chart: Any, tables: Tables | None = None) -> str:
    """Return an Altair chart as SVG, on white, with the fonts of the report.

    Who opens it may have neither Helvetica nor Arial, and the next font is wider. So the chart is laid
    out for letters a fifth larger than those that are written, in a font that vl_convert brings along:
    every label has room to spare, and the drawing is the same on every machine.

    Args:
        chart: chart of Altair, without sizes and colours of its own.
        tables: rows of `alt.NamedData`. Altair checks inline rows one by one, which takes seconds for a
            thousand trials.
    """
    import vl_convert

    configured = chart.configure(background="white", font=_MEASURED, **_SIZES).configure_view(
        stroke="#ddd"
    )
    specification = _enlarged(configured.to_dict(validate=CHECKED))
    specification["datasets"] = {**specification.get("datasets", {}), **(tables or {})}
    svg: str = vl_convert.vegalite_to_svg(specification)
    written = _SIZE.sub(lambda size: f'font-size="{float(size[1]) / _ROOM:.4g}px"', svg)
    return _PLACE.sub(_rounded, written.replace(f'"{_MEASURED}"', f'"{FONTS}"'))


FONTS = "Helvetica, Arial, Liberation Sans, sans-serif"
"""Font families in the SVG, in order of preference."""
_MEASURED = "Liberation Sans"
_ROOM = 1.2
"""Factor by which labels are laid out larger: DejaVu Sans, the widest usual fallback font, is
13 % wider than Arial, and 17 % in bold."""
_LABEL = {"labelFontSize": 10, "titleFontSize": 11, "labelLimit": 180}
_SIZES: dict[str, Any] = {
    "axis": _LABEL,
    "axisXQuantitative": {"labelFlush": False},  # a label moved inwards would touch the next one
    "legend": _LABEL,
    "header": _LABEL,
    "title": {"fontSize": 13},
    "text": {"fontSize": 11},
}
_SIZE = re.compile(r'font-size="([\d.]+)px"')
_PLACE = re.compile(r' (?:d|transform|x|y|x1|x2|y1|y2|width|height)="[^"]*"')
_LONG = re.compile(r"\d+\.\d{3,}")


def _rounded(place: re.Match[str]) -> str:
    """Return an attribute that says where something is drawn, to a hundredth of a pixel."""
    return _LONG.sub(lambda number: f"{float(number[0]):.2f}", place[0])


def _enlarged(node: Any) -> Any:
    """Return a chart with every letter, and every limit of a label, larger by the room that is left."""
    if isinstance(node, list):
        return [_enlarged(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        name: item if name in ("data", "datasets") else _larger(name, item)
        for name, item in node.items()
    }


def _larger(name: str, item: Any) -> Any:
    is_size = name.lower().endswith(("fontsize", "limit")) and isinstance(item, int | float)
    return _ROOM * item if is_size else _enlarged(item)
