"""Reliability diagram: accuracy against predicted probability."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from paribus.charts.base.chart import Chart, Entry
from paribus.charts.base.style import PALETTE, drawn, to_svg
from paribus.judge.per_class import ReliabilityPoint, expected_calibration_error, reliability_points
from paribus.writing.study import ShownStudy

__all__ = ["ENTRY", "charts", "draw", "points"]

ENTRY = Entry(
    "reliability", "Whether networks are right as often as they say.", 80, "errors", many=True
)


def points(study: ShownStudy, split: str) -> list[ReliabilityPoint]:
    """Return the selected variant's accuracy by probability, all seeds together."""
    return reliability_points(study.predictions[split])


def charts(study: ShownStudy) -> Iterator[Chart]:
    """Draw the reliability diagram of every split."""
    for split in study.predictions:
        found = points(study, split)
        note = (
            "On the dashed line a network is right as often as it says; below it, it is too sure. Dots are as large "
            "as their share of the guesses, all seeds together. Expected calibration error (mean distance from the "
            f"line over all guesses): {expected_calibration_error(found):.3f}."
        )
        title = f"Reliability on {split} images"
        yield Chart(f"reliability-{split}", title, note, draw(found), subject=split)


@drawn
def draw(points: Sequence[ReliabilityPoint]) -> str:
    """Draw accuracy against probability; dots are as large as their share of the guesses; SVG."""
    import altair as alt

    rows = [vars(point) for point in points]
    scale = alt.Scale(domain=[0, 1])
    words = f"probability of the guess (n {sum(point.guesses for point in points):,} guesses)"
    percent = alt.Axis(format="%")
    ideal = alt.Chart(alt.InlineData(values=[{"x": 0, "y": 0}, {"x": 1, "y": 1}])).mark_line(
        color="#888", strokeDash=[4, 3]
    )
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X("confidence:Q", title=words, scale=scale, axis=percent),
        y=alt.Y("accuracy:Q", title="share that is right", scale=scale, axis=percent),
    )
    chart = alt.layer(
        ideal.encode(x="x:Q", y="y:Q"),
        base.mark_line(color=PALETTE[0], strokeWidth=1.5),
        base.mark_point(filled=True, color=PALETTE[0], opacity=1).encode(
            size=alt.Size("share:Q", scale=alt.Scale(range=[25, 500]), legend=None)
        ),
    ).properties(width=300, height=300)
    return to_svg(chart)
