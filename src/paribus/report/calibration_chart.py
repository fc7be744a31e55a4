"""The reliability diagram: whether a network is right as often as it says."""

from __future__ import annotations

from collections.abc import Sequence

from paribus.report.charts import PALETTE, drawn, to_svg
from paribus.report.per_class import CalibrationPoint

__all__ = ["draw_calibration"]


@drawn
def draw_calibration(points: Sequence[CalibrationPoint]) -> str:
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
