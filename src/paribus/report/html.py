"""The report as one HTML file: no network, no script, a strict Content-Security-Policy.

The page that a server shows while trials run is made of the same parts; it has one script.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from paribus.charts import all_charts
from paribus.judge.results import StudyResults
from paribus.pictures import all_pictures
from paribus.report.brief import brief
from paribus.report.content import (
    ReportContent,
    answer,
    findings_by_variant,
    grouped_findings,
    tallies,
)
from paribus.report.embedding import svg_uri
from paribus.report.glossary import explained, terms_in
from paribus.tables.base.rendering import html_grid
from paribus.tables.published import HEAD, published_cells
from paribus.tables.settings import format_minutes, minutes_of, tried_table
from paribus.tables.variants import shown_metrics
from paribus.version import __version__
from paribus.wording import counted
from paribus.writing.claims import format_claim, seed_sentences
from paribus.writing.escaping import plain
from paribus.writing.metrics import is_share, title
from paribus.writing.numbers import format_difference, format_interval, format_metric, signed

__all__ = [
    "LiveLinks",
    "page_environment",
    "part_mark",
    "render_contents",
    "render_html",
    "render_parts",
    "render_shell",
    "render_tables",
]

_PART = re.compile(r"\{# part (\d+) #\}")
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
    """Addresses that the live page needs to communicate with the server."""

    base: str
    """Address of the study, without a slash at its end; empty for a list of studies."""
    script: str
    """Address of the script."""
    events: str
    """Address of the events."""


def render_html(content: ReportContent) -> str:
    """Return the report as one HTML file without scripts or external resources."""
    parts = render_parts(content)
    parts["contents"] = render_contents(parts)
    return render_shell(content.plan.study, parts)[0]


def render_shell(
    name: str, parts: Mapping[str, str], live: LiveLinks | None = None
) -> tuple[str, str]:
    """Return a page around its parts, and its Content-Security-Policy.

    Args:
        name: name of the study.
        parts: name -> HTML; of a live page those that are missing are left empty, to be filled later.
        live: links of a page that a server shows; None for a file that stands alone.
    """
    style = _style()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (_LIVE_POLICY if live else _POLICY).format(digest=digest)
    page = (
        page_environment()
        .get_template("page.html.j2")
        .render(
            name=name,
            parts=parts,
            order=_order(parts, live),
            marks={part: part_mark(html) for part, html in parts.items()},
            policy=policy,
            live=live,
            style=style,
            version=__version__,
        )
    )
    return page, policy


def _order(parts: Mapping[str, str], live: LiveLinks | None) -> tuple[str, ...]:
    """Return the parts below the head; those of a live page may still be empty."""
    if live is None:
        return tuple(name for name in part_names() if name in parts and name != "head")
    if not live.base:
        return tuple(parts)
    return _live_order()[1:]


@cache
def part_names() -> tuple[str, ...]:
    """Return the parts of the page, top to bottom: templates that begin with ``{# part NUMBER #}``."""
    found = []
    for file in files("paribus.report").joinpath("page").iterdir():
        mark = _PART.match(file.read_text(encoding="utf-8")) if file.name.endswith(".j2") else None
        if mark is not None:
            found.append((int(mark[1]), file.name.removesuffix(".html.j2")))
    return tuple(name for _, name in sorted(found))


def _live_order() -> tuple[str, ...]:
    """Return the parts of a live page in order: the panel to try networks precedes the methods."""
    names = part_names()
    place = names.index("design")
    return *names[:place], "try", *names[place:]


def part_mark(html: str) -> str:
    """Return a short hash of a part's content, by which pages tell the server what they have."""
    return hashlib.sha256(html.encode()).hexdigest()[:12]


def render_contents(parts: Mapping[str, str]) -> str:
    """Return links to all sections, as a list."""
    sections = _SECTION.findall("".join(parts.get(name, "") for name in _live_order()))
    return page_environment().get_template("contents.html.j2").render(sections=sections)


def render_parts(content: ReportContent) -> dict[str, str]:
    """Return the parts of the page as HTML, by name, top to bottom; a part can be empty."""
    environment = page_environment()
    _refuse_without_a_part("charts", {file.name: file.entry.section for file in all_charts()})
    _refuse_without_a_part("pictures", {file.name: file.entry.section for file in all_pictures()})
    names = {
        "content": content,
        "plan": content.plan,
        "results": content.results,
        "answer": answer(content.results),
        "brief": brief(content.plan, content.results),
        "tallies": tallies(content.results),
        "finding_groups": grouped_findings(content.results.findings),
        "concerning": findings_by_variant(content.results.findings),
        "metrics": [name for name in shown_metrics(content.results) if is_share(name)],
        "losses": _losses(content.results),
        "minutes": minutes_of(content.plan, content.results),
        "tried": tried_table(content.plan, content.results, content.descriptions),
        "interval": format_interval,
        "difference": format_difference,
        "published_head": HEAD,
        "published_rows": published_cells(content.results.published),
        "nan": math.nan,
        "has_interval": lambda item: math.isfinite(item.low),
        "signed": signed,
    }
    parts = {
        name: explained(environment.get_template(f"{name}.html.j2").render(names))
        for name in part_names()
        if name != "glossary"
    }
    terms = terms_in(parts)
    return {**parts, "glossary": environment.get_template("glossary.html.j2").render(terms=terms)}


def _refuse_without_a_part(kind: str, sections: Mapping[str, str | None]) -> None:
    """Raise if a file of charts or pictures names a part of the page that shows none of them.

    Args:
        kind: ``charts`` or ``pictures``.
        sections: file -> part; None where the page does not show it.

    Raises:
        ValueError: the name of the file, and the parts that there are.
    """
    showing = _parts_with(kind)
    for name, section in sections.items():
        if section is not None and section not in showing:
            known = ", ".join(showing)
            raise ValueError(
                f"{name}: no part of the page with {kind} is called {section!r}. Known: {known}"
            )


@cache
def _parts_with(kind: str) -> tuple[str, ...]:
    """Return the parts whose templates show charts, or pictures."""
    page = files("paribus.report").joinpath("page")
    texts = {
        name: page.joinpath(f"{name}.html.j2").read_text(encoding="utf-8") for name in part_names()
    }
    return tuple(name for name, text in texts.items() if f"content.{kind}.{name}" in text)


def _losses(results: StudyResults) -> list[str]:
    """Return the names of loss metrics that at least one variant has."""
    names = ("loss", "val_loss", "test_loss")
    return [name for name in names if any(name in row.metrics for row in results.variants)]


def _style() -> str:
    return files("paribus.report").joinpath("page", "style.css").read_text(encoding="utf-8")


@cache
def page_environment() -> Environment:
    """Return the Jinja environment of the page's templates, with autoescaping."""
    environment = Environment(
        loader=PackageLoader("paribus.report", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: plain(value) if type(value) is str else value,
    )
    environment.filters.update(
        claim_estimate=format_claim,
        seed_sentences=seed_sentences,
        counted=counted,
        metric=format_metric,
        title_of=title,
        svg_uri=svg_uri,
        shape=lambda shape: " x ".join(map(str, shape)),
        percent=lambda value: f"{100 * value:.1f} %",
        percents=_percents,
        shade=_shade,
        minutes=format_minutes,
        prose=_prose,
    )
    environment.globals["figure"] = environment.get_template("figure.html.j2").module.figure  # type: ignore[attr-defined]
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
    parts = [f"<p>{escape(plain(answer(results)))}</p>", html_grid(head, rows)]
    if results.claims:
        claims = [
            [
                row.claim.says,
                format_claim(row),
                str(row.n),
                row.word,
                " ".join([row.reason, *seed_sentences(row)]),
            ]
            for row in results.claims
        ]
        parts.append(html_grid(["claim", "difference", "n", "verdict", "why"], claims))
    findings = [
        f"<li><b>{escape(f.severity)}</b> {escape(plain(f.where))}: {escape(plain(f.evidence))}</li>"
        for f in results.findings
    ]
    return "".join([*parts, *(["<ul>", *findings, "</ul>"] if findings else [])])


def _percents(ends: tuple[float, float]) -> str:
    """Return two shares in percent, as "88–93"; below ten a share keeps a digit."""
    low, high = (f"{100 * share:.{0 if share >= 0.095 else 1}f}" for share in ends)
    return f"{low}–{high}"


def _shade(share: float) -> str:
    """Return the class of a cell's background: s0 to s10."""
    return f"s{min(10, round(10 * share))}" if share >= 0.005 else "s0"


def _prose(text: str) -> str:
    """Escape a text that stands between tags, where apostrophes may stay."""
    return escape(plain(text), quote=False)
