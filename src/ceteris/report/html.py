"""The report as one HTML file: no network, no script, a strict Content-Security-Policy.

The page that a server shows while trials run is made of the same parts; it has one script.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from ceteris.judge.results import StudyResults
from ceteris.report.content import ReportContent, answer, findings_by_variant, tallies
from ceteris.report.tables import (
    PUBLISHED_HEAD,
    format_difference,
    format_interval,
    format_metric,
    is_share,
    plain,
    published_cells,
    shown_metrics,
    title,
)
from ceteris.report.tried import format_minutes, minutes_of, tried_table
from ceteris.version import __version__

__all__ = ["LiveLinks", "contents_of", "render_html", "render_parts", "render_tables"]

PART_NAMES = (
    "head",
    "claims",
    "results",
    "losses",
    "effects",
    "findings",
    "overview",
    "published",
    "tried",
    "curves",
    "cost",
    "errors",
    "kernels",
    "images",
    "design",
    "models",
    "test",
    "methods",
    "settings",
)
_SECTION = re.compile(r'<h2 id="([a-z-]+)">(.*?)</h2>')
_POLICY = (
    "default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; "
    "form-action 'none'"
)
_LIVE_POLICY = (
    "default-src 'none'; style-src 'sha256-{digest}'; script-src 'self'; connect-src 'self'; "
    "img-src data: blob:; base-uri 'none'; form-action 'none'"
)


@dataclass(frozen=True)
class LiveLinks:
    """What the page needs to talk to the server that shows it."""

    base: str
    """Address of the study, without a slash at its end."""
    script: str
    """Address of the script."""
    variants: tuple[str, ...]
    """Names of the variants that can classify images."""
    chosen: str
    """The one that does by default."""


def render_html(content: ReportContent, live: LiveLinks | None = None) -> str:
    """Return the page.

    Args:
        content: what it shows.
        live: links for the page that a server shows; the file that stands alone has none, and no script.
    """
    style = _style()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    parts = render_parts(content)
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            plan=content.plan,
            parts=parts,
            contents=contents_of(parts),
            policy=(_LIVE_POLICY if live else _POLICY).format(digest=digest),
            live=live,
            style=style,
            version=__version__,
        )
    )


def render_parts(content: ReportContent) -> dict[str, str]:
    """Return the parts of the page as HTML, by name, top to bottom; a part can be empty."""
    environment = _environment()
    names = {
        "content": content,
        "plan": content.plan,
        "results": content.results,
        "answer": answer(content.results),
        "tallies": tallies(content.results),
        "concerning": findings_by_variant(content.results.findings),
        "metrics": [name for name in shown_metrics(content.results) if is_share(name)],
        "losses": _losses(content.results),
        "minutes": minutes_of(content.plan, content.results),
        "tried": tried_table(content.plan, content.results, content.descriptions),
        "interval": format_interval,
        "difference": format_difference,
        "published_head": PUBLISHED_HEAD,
        "published_rows": published_cells(content.results.published),
        "nan": math.nan,
        "has_interval": lambda item: math.isfinite(item.low),
    }
    return {name: environment.get_template(f"{name}.html.j2").render(names) for name in PART_NAMES}


def contents_of(parts: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return anchor and title (as HTML) of every section."""
    return [found for part in parts.values() for found in _SECTION.findall(part)]


def _losses(results: StudyResults) -> list[str]:
    """Return the losses that some variant has."""
    names = ("loss", "val_loss", "test_loss")
    return [name for name in names if any(name in row.metrics for row in results.variants)]


def _style() -> str:
    return files("ceteris.report").joinpath("page", "style.css").read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("ceteris.report", "page"),
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
        minutes=format_minutes,
    )
    return environment


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
