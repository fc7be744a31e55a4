"""Results for a terminal: variants, selection, claims, published values, findings.

Everything fits the screen: names lose their middle, texts are wrapped under a hanging indent, and
columns that a narrow screen has no room for are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paribus.judge.results import Finding, MissingTrial, StudyResults
from paribus.report.brief import lost_trials
from paribus.report.selection import selection_sentence
from paribus.report.terminal.claim_lines import claim_grid, claim_heading, published_lines
from paribus.report.terminal.screen import (
    STYLES,
    Screen,
    console_of,
    hanging,
    heading,
    indented,
    screen_of,
)
from paribus.report.terminal.variant_table import variant_lines

if TYPE_CHECKING:
    from rich.console import Group, RenderableType

__all__ = ["FindingGroup", "finding_groups", "rich_results", "show_results"]


@dataclass(frozen=True)
class FindingGroup:
    """Findings of one check that share the same advice."""

    check: str
    severity: str
    advice: str
    items: tuple[tuple[str, str], ...]
    """Pairs (where, evidence); places with the same evidence are joined."""


def show_results(results: StudyResults) -> None:
    """Print results on standard output."""
    console = console_of()
    console.print(rich_results(results, screen_of(console)))


def rich_results(results: StudyResults, screen: Screen | None = None) -> Group:
    """Return the results of a study as Rich renderables."""
    from rich.console import Group
    from rich.text import Text

    screen = screen or Screen()
    parts: list[RenderableType] = [*variant_lines(results, screen)]
    sentence = selection_sentence(results)
    if sentence:
        parts.append(indented(Text(screen.text(sentence)), above=1))
    parts += _lost(results.missing, screen)
    if results.claims:
        parts += [heading(claim_heading(results.claims)), claim_grid(results.claims, screen)]
    parts += published_lines(results.published, screen)
    parts += _findings(results.findings, screen)
    return Group(*parts)


def _lost(missing: Sequence[MissingTrial], screen: Screen) -> Iterator[RenderableType]:
    """Yield each reason for lost workers once, with the trials that are missing because of it."""
    from rich.text import Text

    for names, reason in lost_trials(missing):
        said = Text.assemble((f"{screen.text('; '.join(names))}: ", "bold"), screen.text(reason))
        yield indented(hanging(Text(screen.mark("error"), STYLES["error"]), said))


def finding_groups(findings: Sequence[Finding]) -> tuple[FindingGroup, ...]:
    """Group findings by check and advice, and join places with the same evidence."""
    found: dict[tuple[str, str, str], dict[str, list[str]]] = {}
    for item in findings:
        group = found.setdefault((item.severity, item.check, item.advice), {})
        group.setdefault(item.evidence, []).append(item.where)
    return tuple(
        FindingGroup(
            check,
            severity,
            advice,
            tuple((", ".join(places), evidence) for evidence, places in items.items()),
        )
        for (severity, check, advice), items in found.items()
    )


def _findings(findings: Sequence[Finding], screen: Screen) -> Iterator[RenderableType]:
    """Yield findings by severity: a mark, the evidence, then the advice in dim letters."""
    from rich.text import Text

    arrow = Text("->" if screen.ascii_only else "→", "dim")
    for severity in ("error", "warning", "note"):
        mine = [item for item in findings if item.severity == severity]
        if not mine:
            continue
        yield heading(f"{severity.capitalize()}{'s' * (len(mine) > 1)} ({len(mine)})")
        mark = Text(screen.mark(severity), STYLES[severity])
        for group in finding_groups(mine):
            for where, evidence in group.items:
                said = Text.assemble(
                    (f"{screen.text(where)}: ", "bold"), screen.text(evidence), "."
                )
                yield indented(hanging(mark, said))
            yield indented(hanging(arrow, Text(screen.text(group.advice), "dim")), 3)
