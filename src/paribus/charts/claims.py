"""Chart of the claims: contrasts with their intervals, and the margin around zero."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from paribus.charts.base.chart import Chart, Entry
from paribus.charts.base.style import MARGIN, RULE, drawn, to_svg
from paribus.judge.results import StudyResults
from paribus.writing.escaping import plain
from paribus.writing.metrics import is_share
from paribus.writing.study import ShownStudy

__all__ = ["ENTRY", "ClaimPoint", "charts", "draw", "points"]

ENTRY = Entry(
    "claims", "Every claim with its interval, the margin and the published value.", 10, "claims"
)

COLOURS = {
    "supported": "#116329",
    "refuted": "#a40e26",
}
OPEN = "#7d4e00"
WIDTH = 480
NOTE = (
    "An interval right of zero: the difference is positive; left of zero: negative; inside the grey margin: a "
    "difference of the margin or more is ruled out; across zero and beyond the margin: both are open. Each of "
    "the two errors, to show a difference that does not exist and to rule out one of the margin or more, has a "
    "chance of at most 5 % over all declared claims together."
)


@dataclass(frozen=True)
class ClaimPoint:
    """Contrast of a claim with its interval, in percentage points."""

    label: str
    estimate: float
    low: float
    high: float
    margin: float
    word: str
    """The verdict with its qualification."""
    verdict: str
    published: float | None
    n: int


def points(results: StudyResults) -> list[ClaimPoint]:
    """Return the claims about accuracies that have an interval, in the order of the file."""
    found = []
    for row in results.claims:
        if row.claim.of not in ("learned", "mean"):  # numbers of seeds have another axis
            continue
        if not is_share(row.claim.metric) or not math.isfinite(row.low):
            continue
        within = ", ".join(row.claim.within.values())
        published = row.published_difference
        found.append(
            ClaimPoint(
                f"{row.claim.says} ({within})" if within else row.claim.says,
                100 * row.estimate,
                100 * row.low,
                100 * row.high,
                100 * row.claim.margin,
                row.word,
                row.verdict,
                None if published is None else 100 * published,
                row.n,
            )
        )
    return found


def charts(study: ShownStudy) -> Iterator[Chart]:
    """Draw the claims, if some have an interval."""
    found = points(study.results)
    if found:
        note = NOTE
        if any(point.verdict == "not judged yet" for point in found):
            note += " Intervals of claims that are not judged yet will change with their seeds."
        alt = "Every claim's difference with its interval and the margin; the table below has the numbers"
        yield Chart("claims", "The claims at a glance", note, draw(found), alt)


@drawn
def draw(points: Sequence[ClaimPoint]) -> str:
    """Draw intervals coloured by their verdict, the margin shaded, published values as crosses; SVG."""
    import altair as alt

    rows = [_row(point, number) for number, point in enumerate(points)]
    order = [str(row["claim"]) for row in rows]
    y = alt.Y("claim:N", sort=order, title=None, axis=alt.Axis(labelLimit=340, labelFontSize=12))
    colour = alt.Color("colour:N", scale=None)
    base = alt.Chart(alt.InlineData(values=rows))
    zero = alt.Chart(alt.InlineData(values=[{"zero": 0}])).mark_rule(color=RULE)
    words = [
        "difference of the two sides, left - right (points)",
        "line: interval of the verdict; grey: the margin; ×: published",
    ]
    x = alt.X("low:Q", title=words)
    chart = alt.layer(
        base.mark_bar(color=MARGIN, height=20).encode(x=alt.X("minus:Q"), x2="margin:Q", y=y),
        zero.encode(x="zero:Q"),
        base.mark_rule(strokeWidth=3).encode(x=x, x2="high:Q", y=y, color=colour),
        base.mark_point(filled=True, size=80, opacity=1).encode(x="estimate:Q", y=y, color=colour),
        base.transform_filter("isValid(datum.published)")
        .mark_point(shape="cross", angle=45, size=90, color="#111", filled=True)
        .encode(x="published:Q", y=y),
        base.mark_text(align="left", dx=8).encode(
            x=alt.value(WIDTH), y=y, text="verdict:N", color=colour
        ),
    ).properties(width=WIDTH, height=max(70, 32 * len(rows)))
    return to_svg(chart)


def _row(point: ClaimPoint, number: int) -> dict[str, Any]:
    return {
        "claim": f"{plain(point.label)}" + "\u200b" * number,  # equal sentences stay two rows
        "estimate": point.estimate,
        "low": point.low,
        "high": point.high,
        "margin": point.margin,
        "minus": -point.margin,
        "verdict": f"{point.word}, n {point.n}",
        "published": point.published,
        "colour": COLOURS.get(point.verdict, OPEN),
    }
