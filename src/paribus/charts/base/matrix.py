"""Drawing of a square matrix of coloured cells with text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

from paribus.charts.base.style import to_svg
from paribus.writing.escaping import plain

__all__ = ["Line", "draw_cells"]

CELL = 62
_ON_LIGHT, _ON_DARK = "#0b1520", "white"

Line: TypeAlias = tuple[str, int, float, Literal["normal", "bold"]]
"""Column of the data, vertical offset, font size and font weight of a line of text in a cell."""


def draw_cells(
    rows: Sequence[dict[str, Any]],
    names: Sequence[str],
    words: list[str],
    scale: dict[str, Any],
    lines: Sequence[Line],
) -> str:
    """Draw a square matrix of coloured cells with text; return SVG."""
    import altair as alt

    order = [plain(name) for name in names]
    axis = alt.Axis(domain=False, ticks=False, labelAngle=0, labelLimit=CELL, orient="top")
    base = alt.Chart(alt.NamedData("rows")).encode(
        x=alt.X("guess:N", sort=order, title="what the network said", axis=axis),
        y=alt.Y("truth:N", sort=order, title="truth", axis=alt.Axis(domain=False, ticks=False)),
    )
    strong = 0.75 * max(
        scale["domain"]
    )  # blue cells above it need light letters; orange ones never do
    ink = alt.condition(f"datum.value > {strong}", alt.value(_ON_DARK), alt.value(_ON_LIGHT))
    chart = alt.layer(
        base.mark_rect(stroke="white").encode(
            color=alt.Color("value:Q", scale=alt.Scale(**scale, interpolate="rgb"), legend=None)
        ),
        *(
            base.mark_text(dy=offset, fontSize=size, fontWeight=weight).encode(
                text=f"{column}:N", color=ink
            )
            for column, offset, size, weight in lines
        ),
    ).properties(
        width=CELL * len(order),
        height=CELL * len(order) * (0.82 if len(lines) > 1 else 0.5),
        title=alt.TitleParams(words, anchor="start", fontSize=12, offset=10),
    )
    return to_svg(chart, {"rows": rows})
