"""The report as one HTML file: no network, no script, a strict Content-Security-Policy."""

from __future__ import annotations

import base64
import hashlib
import math
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from ceteris.report.content import ReportContent, answer
from ceteris.report.tables import (
    PUBLISHED_HEAD,
    format_difference,
    format_interval,
    format_metric,
    plain,
    published_cells,
    shown_metrics,
    title,
)
from ceteris.version import __version__

__all__ = ["render_html"]


def render_html(content: ReportContent) -> str:
    """Return the page."""
    style = files("ceteris.report").joinpath("style.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    environment = Environment(
        loader=PackageLoader("ceteris.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: plain(value) if type(value) is str else value,
    )
    environment.filters.update(
        metric=format_metric,
        title_of=title,
        svg_uri=_svg_uri,
        shape=lambda shape: " x ".join(map(str, shape)),
        percent=lambda value: f"{100 * value:.1f} %",
        shade=_shade,
    )
    return environment.get_template("page.html.j2").render(
        content=content,
        plan=content.plan,
        results=content.results,
        answer=answer(content.results),
        metrics=shown_metrics(content.results),
        interval=format_interval,
        difference=format_difference,
        published_head=PUBLISHED_HEAD,
        published_rows=published_cells(content.results.published),
        style=style,
        style_hash=digest,
        version=__version__,
        nan=math.nan,
        has_interval=lambda item: math.isfinite(item.low),
    )


def _svg_uri(svg: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def _shade(share: float) -> str:
    """Return the class of a cell's background: s0 to s10."""
    return f"s{min(10, round(10 * share))}" if share >= 0.005 else "s0"
