"""The report as one HTML file: no network, no script, a strict Content-Security-Policy."""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Sequence
from html import escape
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from ceteris.judge.results import StudyResults
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

__all__ = ["render_html", "render_tables"]


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


def render_tables(results: StudyResults) -> str:
    """Return the answer, the variants and the claims as plain HTML tables, for a notebook."""
    metrics = shown_metrics(results)
    head = ["variant", "n", *map(title, metrics)]
    rows = [
        [row.name, str(row.n)]
        + [format_interval(m, row.metrics[m]) if m in row.metrics else "-" for m in metrics]
        for row in results.variants
    ]
    parts = [f"<p>{escape(plain(answer(results)))}</p>", _table(head, rows)]
    if results.claims:
        claims = [
            [
                row.claim.says,
                format_difference(row.claim.metric, row.estimate, row.low, row.high),
                str(row.n),
                row.verdict,
                row.reason,
            ]
            for row in results.claims
        ]
        parts.append(_table(["claim", "difference", "n", "verdict", "why"], claims))
    findings = [
        f"<li><b>{escape(f.severity)}</b> {escape(plain(f.where))}: {escape(plain(f.evidence))}</li>"
        for f in results.findings
    ]
    return "".join([*parts, *(["<ul>", *findings, "</ul>"] if findings else [])])


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    names = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(plain(cell))}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>"


def _svg_uri(svg: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def _shade(share: float) -> str:
    """Return the class of a cell's background: s0 to s10."""
    return f"s{min(10, round(10 * share))}" if share >= 0.005 else "s0"
