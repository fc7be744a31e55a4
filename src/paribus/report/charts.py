"""What all charts share: colours, the rows of seeds, and the way from Altair to SVG.

A chart is a function that returns plain numbers, and one that draws them. Colours are Okabe & Ito's,
which colour-blind readers can tell apart.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeAlias

from paribus.judge.effects import mean_interval
from paribus.judge.results import StudyResults, VariantSummary

__all__ = [
    "FONTS",
    "INK",
    "MARGIN",
    "PALETTE",
    "RULE",
    "SeedRow",
    "bounds",
    "count_of",
    "drawn",
    "seed_rows",
    "to_svg",
]

PALETTE = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000", "#B8A800"]
P = ParamSpec("P")
Tables: TypeAlias = Mapping[str, Sequence[Mapping[str, Any]]]
"""Name -> rows."""
INK = "#000"
RULE = "#666"
"""Zero, and other lines to compare with."""
MARGIN = "#d7dbe0"
"""Differences too small to matter."""


@dataclass(frozen=True)
class SeedRow:
    """A metric of one variant: every seed, their mean and its 95 % interval."""

    variant: str
    values: Mapping[int, float]
    """Seed -> value, of trials that ended well."""
    mean: float
    low: float
    high: float
    failed: int

    @property
    def count(self) -> str:
        """How many trials there are, as charts write it; failed ones are never left out in silence."""
        failed = f", {self.failed} failed" if self.failed else ""
        return f"n {len(self.values)}{failed}"


def seed_rows(results: StudyResults, metric: str) -> list[SeedRow]:
    """Return one row per variant, in the order of the plan; one without a value has mean NaN."""
    values: dict[str, dict[int, float]] = {row.name: {} for row in results.variants}
    for trial in results.trials:
        if trial.fit_on == "train" and trial.status == "done" and metric in trial.metrics:
            values[trial.variant][trial.seed] = trial.metrics[metric]
    return [_seed_row(row, values[row.name]) for row in results.variants]


def _seed_row(row: VariantSummary, values: Mapping[int, float]) -> SeedRow:
    if not values:
        return SeedRow(row.name, {}, math.nan, math.nan, math.nan, row.failed)
    item = mean_interval(list(values.values()))
    return SeedRow(row.name, values, item.mean, item.low, item.high, row.failed)


def count_of(numbers: Iterable[int]) -> str:
    """Return "n 5", or "n 3 to 5" where it differs.

    Example:
        >>> count_of([5, 5]), count_of([5, 3])
        ('n 5', 'n 3 to 5')
    """
    found = sorted(set(numbers))
    return f"n {found[0]}" if len(found) == 1 else f"n {found[0]} to {found[-1]}"


def bounds(metric: str, mean: float, low: float, high: float) -> tuple[float, float]:
    """Return an interval as it can be drawn: the mean where there is none, nothing beyond 0 and 100 %."""
    if not math.isfinite(low):
        return mean, mean
    return (max(low, 0.0), min(high, 1.0)) if metric.endswith("accuracy") else (low, high)


CHECKED = False
"""Whether Altair compares each part of a chart with its schema, which takes longer than all else; tests do."""


def drawn(draw: Callable[P, str]) -> Callable[P, str]:
    """Let a function draw without Altair's comparisons with its schema."""

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
        chart: of Altair.
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
"""As written: what readers have, in this order."""
_MEASURED = "Liberation Sans"
_ROOM = 1.2
"""DejaVu Sans, the widest usual fallback, is 13 % wider than Arial, and 17 % in bold."""
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
