"""The report as Markdown: question, answer, claims, results, effects, findings, methods; charts as links."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from paribus.judge.claims.claim_row import ClaimRow
from paribus.judge.results import StudyResults
from paribus.report.content import ReportContent, answer
from paribus.report.terminal.summary import finding_groups
from paribus.tables import claims, effects, published, variants
from paribus.tables.base.rendering import markdown
from paribus.version import __version__
from paribus.wording import counted
from paribus.writing.escaping import markdown_text

__all__ = ["markdown_report"]


def markdown_report(content: ReportContent, charts: Sequence[tuple[str, str]] = ()) -> str:
    """Return the report as Markdown; all texts are escaped.

    Args:
        content: parts of the report.
        charts: name and address of every chart; charts of claims and effects are placed beside their tables.
    """
    return "\n\n".join(_parts(content, dict(charts))) + "\n"


def _parts(content: ReportContent, charts: dict[str, str]) -> Iterator[str]:
    plan, results = content.plan, content.results
    yield f"# {markdown_text(plan.question or plan.study)}"
    yield (
        f"Study {markdown_text(plan.study)}: "
        f"{counted(len(plan.variants), 'variant')}, {counted(len(plan.seeds), 'seed')}"
        + ("." if results.complete else ", not complete.")
    )
    yield f"**{markdown_text(answer(results))}**"
    if results.claims:
        yield "## Claims"
        yield from _chart(charts, "claims")
        yield markdown(claims.table(results)).rstrip()
        yield from _reasons(results.claims)
    yield "## Results"
    yield "Means over seeds with 95 % t intervals."
    yield markdown(variants.table(results)).rstrip()
    if results.effects:
        yield "## Effects against the baseline"
        yield from _chart(charts, "effects")
        yield "Paired by seed; exploratory. q is the false discovery rate."
        yield markdown(effects.table(results)).rstrip()
    if results.published:
        yield "## Published values"
        yield markdown(published.table(results)).rstrip()
    yield from _findings(results)
    rest = [name for name in charts if name not in ("claims", "effects")]
    if rest:
        yield "## Charts"
        for name in rest:
            yield from _chart(charts, name)
    yield "## Methods"
    yield markdown_text(content.methods)
    yield (
        f"Written by paribus {__version__}. Intervals are over seeds on one split, unless a claim is "
        "about the source of the images; they do not cover the choice of the split."
    )


def _reasons(rows: Sequence[ClaimRow]) -> Iterator[str]:
    """Yield why each claim got its verdict."""
    lines = [
        f"- {markdown_text(claims.claim_cells(row)[0])}: {markdown_text(row.reason)}"
        for row in rows
        if row.reason
    ]
    if lines:
        yield "\n".join(lines)


def _findings(results: StudyResults) -> Iterator[str]:
    if not results.findings:
        return
    yield "## Findings"
    for severity in ("error", "warning", "note"):
        for group in finding_groups([f for f in results.findings if f.severity == severity]):
            lines = [
                f"- **{severity}**, {markdown_text(where)}: {markdown_text(evidence)}."
                for where, evidence in group.items
            ]
            yield "\n".join([*lines, f"  *{markdown_text(group.advice)}*"])


def _chart(charts: dict[str, str], name: str) -> Iterator[str]:
    if name in charts:
        yield f"![{markdown_text(name.replace('-', ' '))}]({charts[name]})"
