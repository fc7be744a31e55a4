"""The chart of a run: seconds per arm, ratios written beside the bars."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import altair as alt

from benchmarks.whole_studies.arms import ARMS
from benchmarks.whole_studies.summary import OWN, summarize

LABELS = {arm.name: arm.label for arm in ARMS}


def write_chart(result: Mapping[str, Any], path: Path) -> None:
    """Write an SVG with one panel per workload."""
    panels = []
    for workload in result["workloads"]:
        rows = [
            {
                "arm": LABELS[item.arm],
                "seconds": item.seconds,
                "own": item.arm == OWN,
                "text": f"{item.seconds:.0f} s"
                + ("" if item.arm == OWN else f", {item.ratio.median:.1f}x"),
            }
            for item in summarize(workload)
        ]
        base = alt.Chart(alt.Data(values=rows)).encode(
            y=alt.Y("arm:N", sort=None, title=None, axis=alt.Axis(labelLimit=320)),
            x=alt.X("seconds:Q", title="seconds, whole processes"),
        )
        colour = alt.condition("datum.own", alt.value("#0b6e4f"), alt.value("#b8c4cc"))
        bars = base.mark_bar().encode(color=colour)
        text = base.mark_text(align="left", dx=4).encode(text="text:N")
        panels.append((bars + text).properties(title=workload["workload"], width=420))
    alt.vconcat(*panels).save(str(path))
