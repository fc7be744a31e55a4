"""The seeds strip: every trial's score, variant by variant, with the mean and its interval."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from paribus.charts.base.chart import Chart, Entry
from paribus.charts.base.seed_values import SeedRow, seed_rows
from paribus.charts.base.style import INK, PALETTE, RULE, bounds, drawn, to_svg
from paribus.writing.escaping import plain
from paribus.writing.metrics import is_share, title
from paribus.writing.study import ShownStudy

__all__ = ["ENTRY", "MOST_JOINED", "charts", "draw", "points"]

ENTRY = Entry("seeds", "Every trial's score by the metric of selection.", 30, "results")

MOST_JOINED = 12
"""Largest number of seeds whose dots are joined by lines; more could not be told apart."""
WIDTH, ROW = 560, 34


def points(study: ShownStudy) -> list[SeedRow]:
    """Return every variant's values by seed."""
    return seed_rows(study.results, study.metric)


def charts(study: ShownStudy) -> Iterator[Chart]:
    """Draw the score of every trial by variant, if there is any."""
    rows = points(study)
    if any(row.values for row in rows):
        note = "Every dot is a trial. Differences between variants are judged between dots of the same seed."
        alt = "One row per variant, one dot per seed, the mean and its interval; the table above has the numbers"
        name = f"Every seed's {title(study.metric)}"
        yield Chart("seeds", name, note, draw(rows, study.metric), alt)


@drawn
def draw(rows: Sequence[SeedRow], metric: str) -> str:
    """Draw one row per variant, one dot per seed, thin lines from a seed to itself; return SVG.

    Args:
        rows: in the order to show; variants without a value have a row too, which says why.
        metric: name of the metric that the values are of.
    """
    import altair as alt

    order = [plain(row.variant) for row in rows]
    y = alt.Y(
        "variant:N",
        title=None,
        scale=alt.Scale(domain=order),
        axis=alt.Axis(labelLimit=260, labelFontSize=12, grid=True),
    )
    axis = alt.Axis(format="%" if is_share(metric) else "~g")
    x = alt.X("value:Q", title=_words(rows, metric), axis=axis, scale=alt.Scale(zero=False))
    dots = alt.Chart(alt.NamedData("dots")).encode(x=x, y=y)
    means = alt.Chart(alt.InlineData(values=list(_means(rows, metric)))).encode(y=y)
    chart = alt.layer(
        *([_joined(alt, rows, x, y)] if _are_joined(rows) else []),
        dots.mark_point(filled=True, size=34, opacity=0.6, color=PALETTE[0]),
        means.mark_rule(strokeWidth=2.5, color=INK, yOffset=9).encode(x="low:Q", x2="high:Q"),
        means.mark_point(
            filled=True, size=45, color=INK, opacity=1, shape="diamond", yOffset=9
        ).encode(x="mean:Q"),
        alt.Chart(alt.InlineData(values=_counts(rows)))
        .mark_text(align="left", dx=8, color=INK)
        .encode(x=alt.value(WIDTH), y=y, text="count:N"),
    ).properties(width=WIDTH, height=max(60, ROW * len(rows)))
    return to_svg(chart, {"dots": list(_dots(rows))})


def _joined(alt: Any, rows: Sequence[SeedRow], x: Any, y: Any) -> Any:
    """Return one line per seed; it has a gap where the seed has no value."""
    lines = [
        {"variant": plain(row.variant), "seed": seed, "value": row.values.get(seed), "order": k}
        for seed in _seeds(rows)
        for k, row in enumerate(rows)
    ]
    return (
        alt.Chart(alt.InlineData(values=lines))
        .mark_line(strokeWidth=0.8, opacity=0.5, color=RULE, invalid="break-paths-show-domains")
        .encode(x=x, y=y, detail="seed:N", order="order:Q")
    )


def _seeds(rows: Sequence[SeedRow]) -> list[int]:
    return sorted({seed for row in rows for seed in row.values})


def _are_joined(rows: Sequence[SeedRow]) -> bool:
    return len(rows) > 1 and len(_seeds(rows)) <= MOST_JOINED


def _dots(rows: Sequence[SeedRow]) -> Iterator[dict[str, Any]]:
    for row in rows:
        for value in row.values.values():
            yield {"variant": plain(row.variant), "value": value}


def _means(rows: Sequence[SeedRow], metric: str) -> Iterator[dict[str, Any]]:
    for row in rows:
        if math.isfinite(row.mean):
            low, high = bounds(metric, row.mean, row.low, row.high)
            yield {"variant": plain(row.variant), "mean": row.mean, "low": low, "high": high}


def _counts(rows: Sequence[SeedRow]) -> list[dict[str, str]]:
    return [{"variant": plain(row.variant), "count": row.count} for row in rows]


def _words(rows: Sequence[SeedRow], metric: str) -> list[str]:
    joined = "; thin lines: the same seed" if _are_joined(rows) else ""
    return [title(metric), f"dots: seeds; diamond and bar: mean and its 95 % interval{joined}"]
