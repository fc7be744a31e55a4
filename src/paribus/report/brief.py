"""The first screen of a report: size of the winner's lead, its certainty, its cause, and problems."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from paribus.judge.claims.claim_row import ClaimRow
from paribus.judge.results import EffectRow, Finding, MissingTrial, Selection, StudyResults
from paribus.records import Plan
from paribus.wording import counted
from paribus.writing.numbers import format_difference

__all__ = ["BriefLine", "brief", "lost_trials"]

SHOWN_FINDINGS = 3
SHOWN_CHANGES = 3
SHOWN_TRIALS = 3
LIKELY = 0.05
"""False discovery rate up to which a main effect is named as a reason."""


@dataclass(frozen=True)
class BriefLine:
    """A question about the results, and its answer."""

    asked: str
    said: tuple[str, ...]
    """Sentences of the answer."""
    anchor: str
    """Section of the report that shows the details."""


def brief(plan: Plan, results: StudyResults) -> tuple[BriefLine, ...]:
    """Return the lines of the first screen; questions without an answer are left out.

    Args:
        plan: plan of the study.
        results: results of the same study.
    """
    chosen = results.selected
    lines = []
    if chosen is not None:
        anchor = "effects" if _has_effects(results, chosen.by) else "results"
        lines.append(BriefLine("By how much", tuple(_leads(plan, chosen)), anchor))
    if results.claims:
        lines.append(BriefLine("How sure", tuple(_certainty(results.claims)), "claims"))
    if chosen is not None:
        lines.append(_reasons(plan, results, chosen))
    anchor = "findings" if results.findings else "results"
    lines.append(BriefLine("What went wrong", tuple(_trouble(results)), anchor))
    return tuple(line for line in lines if line.said)


def _has_effects(results: StudyResults, metric: str) -> bool:
    return any(row.metric == metric and math.isfinite(row.low) for row in results.effects)


def _leads(plan: Plan, chosen: Selection) -> Iterator[str]:
    """Compare the winner with the baseline and with the runner-up, in the seeds where both learn."""
    for row in chosen.leads:
        role = "the baseline" if row.baseline == plan.baseline else "the runner-up"
        yield f"Against {role} {row.baseline}: {_difference(row)}."


def _difference(row: EffectRow) -> str:
    """Return text about a paired difference: estimate, interval, and whether its sign is certain."""
    text = format_difference(row.metric, row.estimate, row.low, row.high)
    learned = (
        counted(row.n, "seed")
        if row.n == row.seeds
        else f"{row.n} of {row.seeds} seeds where both learn"
    )
    if not math.isfinite(row.low):
        return f"{text}, {learned}: one seed says nothing about others"
    if row.low <= 0 <= row.high:
        return f"{text}, {learned}: the direction is open"
    return f"{text}, {learned}"


def _certainty(claims: Sequence[ClaimRow]) -> Iterator[str]:
    """Count the verdicts, and say what would settle those that are open."""
    verdicts = Counter(row.word for row in claims)
    words = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common())
    yield f"Of {counted(len(claims), 'claim')}: {words}."
    needed = [row.seeds_needed for row in claims if row.seeds_needed is not None]
    if needed:
        yield (
            f"About {counted(min(needed), 'seed')} in total would decide the first of the open ones"
            + (f", {max(needed)} the last," if max(needed) > min(needed) else "")
            + " four times out of five, if differences and spreads are as estimated here."
        )
    fragile = sum(row.fragile for row in claims)
    if fragile:
        yield f"{fragile} of them fragile: a test that assumes no normal distribution disagrees."


def _reasons(plan: Plan, results: StudyResults, chosen: Selection) -> BriefLine:
    """Name the significant main effects, or else the settings that the winner changes."""
    found = [row for row in results.overview if row.kind == "main effect" and row.q <= LIKELY]
    found.sort(key=lambda row: -abs(row.estimate))
    said = [
        f"On average over the other factors, {row.what}: "
        f"{format_difference(row.metric, row.estimate, row.low, row.high)}."
        for row in found[:2]
    ]
    changes = next(v.changes for v in plan.variants if v.name == chosen.variant)
    if not said and len(changes) > SHOWN_CHANGES:
        said = [f"It differs from the baseline in {len(changes)} settings."]
    elif not said and changes:
        said = [f"It differs from the baseline in: {'; '.join(changes)}."]
    elif not said and len(plan.variants) > 1:  # a single variant has no comparison to explain
        said = ["It is the baseline: no other variant has a better mean."]
    if not found and results.overview:
        said.append("No main effect has a false discovery rate of 5 % or less.")
    return BriefLine("Why", tuple(said), "overview" if results.overview else "design")


def _trouble(results: StudyResults) -> Iterator[str]:
    """Name the most severe findings, and count the others."""
    failed = sum(trial.status == "failed" for trial in results.trials)
    if failed:
        yield f"{counted(failed, 'trial')} failed."
    for names, reason in lost_trials(results.missing):
        more = len(names) - SHOWN_TRIALS
        rest = f" and {more} more" if more > 0 else ""
        verb = "is" if len(names) == 1 else "are"
        yield f"{'; '.join(names[:SHOWN_TRIALS])}{rest} {verb} missing: {reason}. The next run tries again."
    unrun = sum(row.reason is None for row in results.missing)
    if unrun:
        yield f"{counted(unrun, 'trial')} {'was' if unrun == 1 else 'were'} not run to the end."
    order = {"error": 0, "warning": 1, "note": 2}
    grave = [finding for finding in results.findings if finding.severity != "note"]
    grave.sort(key=lambda finding: order[finding.severity])
    grouped = list(dict.fromkeys(finding.check for finding in grave))
    for check in grouped[:SHOWN_FINDINGS]:
        yield _named([finding for finding in grave if finding.check == check])
    if len(grouped) > SHOWN_FINDINGS:
        yield f"And {len(grouped) - SHOWN_FINDINGS} more kinds of errors and warnings."
    if not grave and not failed and not results.missing:
        yield "Nothing that the checks look for."


def lost_trials(missing: Sequence[MissingTrial]) -> list[tuple[list[str], str]]:
    """Return trials whose workers were lost, those of one reason together.

    Args:
        missing: missing trials of the results; a trial that was not begun has no reason.
    """
    trials: dict[str, list[str]] = {}
    for row in missing:
        if row.reason is not None:
            trials.setdefault(row.reason, []).append(f"{row.variant}, seed {row.seed}")
    return [(names, reason) for reason, names in trials.items()]


def _named(findings: Sequence[Finding]) -> str:
    """Return the text of one check's findings, with the number of variants concerned."""
    first = findings[0]
    more = f" (and {len(findings) - 1} more like it)" if len(findings) > 1 else ""
    return f"{first.where}: {first.evidence}{more}."
