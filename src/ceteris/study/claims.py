"""Claims: one sentence each, "left > right on metric", checked against the study's levels."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from ceteris.checking import Issue, Path, SettingsError, parse, show
from ceteris.errors import did_you_mean
from ceteris.records import Claim

__all__ = ["DEFAULT_MARGIN", "METRICS", "parse_claim"]

METRICS = ("val_accuracy", "val_loss", "accuracy", "loss", "test_accuracy", "test_loss")
DEFAULT_MARGIN = 0.01
"""One point of accuracy."""

_SENTENCE = re.compile(
    r"(?P<left>.+?)\s*(?P<operator>[<>=])\s*(?P<right>.+?)\s+on\s+(?P<metric>\w+)"
)


class _ClaimFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: Annotated[str, Field(min_length=1, max_length=100)]
    says: str
    within: dict[str, str] = Field(default_factory=dict)
    margin: Annotated[float, Field(ge=0, allow_inf_nan=False)] = DEFAULT_MARGIN
    published: str | float | None = None


def parse_claim(
    settings: object, factors: Mapping[str, Sequence[str]], variants: Sequence[str], path: Path
) -> Claim:
    """Read one claim.

    Args:
        settings: ``{id, says, within?, margin?, published?}``.
        factors: factor -> levels.
        variants: names of all variants, which a claim may compare whole.
        path: where it stands, for messages.

    Raises:
        SettingsError: every broken rule.
    """
    file = parse(_ClaimFile, settings, path)
    says = (*path, "says")
    match = _SENTENCE.fullmatch(file.says.strip())
    if match is None:
        rule = 'must read "LEFT > RIGHT on METRIC" (or < or =)'
        raise SettingsError([Issue(says, rule, show(file.says))])
    part = {name: _unquoted(text.strip()) for name, text in match.groupdict().items()}
    issues = []
    if part["metric"] not in METRICS:
        fix = did_you_mean(part["metric"], METRICS)
        issues.append(Issue(says, "must name a metric", show(part["metric"]), fix))
    factor = _factor(part["left"], part["right"], factors, variants, says, issues)
    issues.extend(_within_issues(file.within, factor, factors, (*path, "within")))
    if issues:
        raise SettingsError(issues)
    fields: dict[str, Any] = {**part, "id": file.id, "says": file.says, "within": file.within}
    published = None if file.published is None else str(file.published)
    return Claim(factor=factor, margin=file.margin, published=published, **fields)


def _unquoted(text: str) -> str:
    """Remove one pair of quotes around a name."""
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    return text[1:-1] if quoted else text


def _factor(
    left: str,
    right: str,
    factors: Mapping[str, Sequence[str]],
    variants: Sequence[str],
    path: Path,
    issues: list[Issue],
) -> str:
    if left == right:
        issues.append(Issue(path, "must compare two different levels", show(left)))
        return ""
    for factor, levels in factors.items():
        if left in levels and right in levels:
            return factor
    if left in variants and right in variants:
        return ""
    known = {*variants, *(level for levels in factors.values() for level in levels)}
    unknown = [name for name in (left, right) if name not in known]
    if unknown:
        issues.extend(
            Issue(path, "must name a level or a variant", show(name), did_you_mean(name, known))
            for name in unknown
        )
    else:
        issues.append(
            Issue(path, "must compare two levels of one factor", show(f"{left} and {right}"))
        )
    return ""


def _within_issues(
    within: Mapping[str, str], factor: str, factors: Mapping[str, Sequence[str]], path: Path
) -> list[Issue]:
    issues = []
    for name, level in within.items():
        if name not in factors or name == factor:
            others = [other for other in factors if other != factor]
            issues.append(
                Issue((*path, name), "must name another factor", None, did_you_mean(name, others))
            )
        elif level not in factors[name]:
            fix = did_you_mean(level, factors[name])
            issues.append(Issue((*path, name), "must name a level", show(level), fix))
    return issues
