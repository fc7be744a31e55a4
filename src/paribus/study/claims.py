"""Parsing of claims, one sentence each, against the study's factors, levels and variants."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from paribus.checking import Issue, Path, SettingsError, parse, show
from paribus.errors import did_you_mean
from paribus.habits import habit_of_value
from paribus.records import Claim, Estimand

__all__ = ["DEFAULT_MARGIN", "METRICS", "claim_metric_issues", "level_number", "parse_claim"]

METRICS = ("val_accuracy", "val_loss", "accuracy", "loss", "test_accuracy", "test_loss")
IMAGE_METRICS = ("val_accuracy", "test_accuracy")
"""Metrics for claims with the scope "data-source": accuracies of single held-out images."""
COLLAPSED = "collapse"
"""Stands for the metric in claims about how often networks collapse."""
DEFAULT_MARGIN = 0.01
"""Default margin of a claim: one percentage point of accuracy."""

_SENTENCES = (
    re.compile(
        r"(?P<left>.+?)\s+-\s+(?P<right>.+?)\s+depends\s+on\s+(?P<other>.+?)\s+on\s+(?P<metric>[\w@]+)"
    ),
    re.compile(r"(?P<metric>[\w@]+)\s+(?P<direction>rises|falls)\s+with\s+(?P<factor>.+)"),
    re.compile(r"(?P<left>.+?)\s+collapses\s+(?P<often>less|more)\s+often\s+than\s+(?P<right>.+)"),
    re.compile(
        r"(?P<left>.+?)\s*(?P<operator>[<>=])\s*(?P<right>.+?)(?P<most>\s+in\s+most\s+seeds)?"
        r"\s+on\s+(?P<metric>[\w@]+)"
    ),
)
_FORMS = (
    '"LEFT > RIGHT on METRIC" (or < or =), "LEFT > 0.75 on METRIC" (or 75 %), '
    '"LEFT > RIGHT in most seeds on METRIC", "LEFT collapses less often than RIGHT" (or more), '
    '"LEFT - RIGHT depends on FACTOR on METRIC", "METRIC rises with FACTOR" (or falls)'
)


class _ClaimFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    id: Annotated[str, Field(min_length=1, max_length=100)]
    says: str
    within: dict[str, str] = Field(default_factory=dict)
    margin: Annotated[float, Field(ge=0, allow_inf_nan=False)] = DEFAULT_MARGIN
    published: str | float | None = None
    scope: Literal["this-split", "data-source"] = "this-split"
    of: Estimand | None = None


def parse_claim(
    settings: object, factors: Mapping[str, Sequence[str]], variants: Sequence[str], path: Path
) -> Claim:
    """Parse one claim.

    Args:
        settings: ``{id, says, within?, margin?, published?, scope?, of?}``, as written in the file.
        factors: factor -> levels.
        variants: names of all variants; a claim may compare whole variants instead of levels.
        path: path of the claim in the file, for messages.

    Raises:
        SettingsError: every broken rule.
    """
    file = parse(_ClaimFile, settings, path)
    says = (*path, "says")
    text = file.says.strip()
    match = next((m for form in _SENTENCES if (m := form.fullmatch(text))), None)
    if match is None:
        raise SettingsError([Issue(says, f"must read {_FORMS}", show(file.says))])
    part = {name: _unquoted(value.strip()) for name, value in match.groupdict().items() if value}
    said: Estimand | None = "collapse" if "often" in part else "wins" if "most" in part else None
    if said == "collapse":
        part["metric"] = COLLAPSED
        part["operator"] = ">" if part["often"] == "more" else "<"
    issues: list[Issue] = []
    issues.extend(_estimand_issues(file, said, part, path))
    if said != "collapse":
        issues.extend(_metric_issues(part["metric"], says))
    if file.scope == "data-source" and part["metric"] not in IMAGE_METRICS:
        rule = f"can be data-source only for {' and '.join(IMAGE_METRICS)}"
        issues.append(Issue((*path, "scope"), rule, show(part["metric"])))
    names = _Names(factors, variants, says, issues)
    if "direction" in part:
        fields = names.trend(part)
    elif "other" in part:
        fields = names.interaction(part)
    else:
        fields = names.comparison(part)
    issues.extend(_within_issues(file.within, fields.get("factor", ""), factors, (*path, "within")))
    if fields.get("other") in file.within:
        issues.append(Issue((*path, "within"), "must not fix the factor it depends on"))
    issues.extend(_number_issues(file, part["metric"], fields.get("threshold"), path))
    if said == "collapse" and fields.get("kind") == "threshold":
        issues.append(Issue(says, "must compare with a level or a variant", show(part["right"])))
    if fields.get("operator") == "=" and file.margin == 0:
        rule = "must be above 0 for a claim of equality, which no data could support otherwise"
        issues.append(Issue((*path, "margin"), rule, "0"))
    if issues:
        raise SettingsError(issues)
    published = None if file.published is None else str(file.published)
    return Claim(
        id=file.id,
        says=file.says,
        metric=part["metric"],
        within=file.within,
        margin=file.margin,
        published=published,
        scope=file.scope,
        of=said or file.of or "learned",
        **fields,
    )


def _estimand_issues(
    file: _ClaimFile, said: str | None, part: Mapping[str, str], path: Path
) -> Iterator[Issue]:
    """Yield issues if what a claim asks (``of``) does not fit its sentence."""
    key = (*path, "of")
    if said is not None and file.of not in (None, said):
        yield Issue(key, f"must be {said}, as its sentence says", show(file.of), "Leave `of` out.")
        return
    of = said or file.of
    if file.of == "collapse" and said is None:
        rule = "needs a sentence without a metric"
        fix = 'Write "LEFT collapses less often than RIGHT" (or more).'
        yield Issue(key, rule, show(file.says), fix)
    if of == "wins" and (part.get("operator") == "=" or "other" in part or "direction" in part):
        rule = "can count seeds for LEFT > RIGHT and LEFT < RIGHT only"
        yield Issue(key if file.of else (*path, "says"), rule, show(file.says))
    if of in ("wins", "collapse") and file.scope == "data-source":
        rule = f"must be this-split where seeds are counted (of: {of})"
        yield Issue((*path, "scope"), rule, show(file.scope), "Leave `scope` out.")


def _number_issues(
    file: _ClaimFile, metric: str, threshold: float | None, path: Path
) -> Iterator[Issue]:
    """Yield issues if a threshold, margin or published accuracy is no fraction (75 instead of 0.75)."""
    name = metric.partition("@")[0]
    if not name.endswith("accuracy") and name != "gap":
        return
    lowest = -1 if name == "gap" else 0
    if threshold is not None and not lowest <= threshold <= 1:
        rule = f"must compare {name} with a fraction from {lowest} to 1, or a percentage"
        fix = f"Write {threshold:g} %." if 1 < threshold <= 100 and "%" not in file.says else None
        yield Issue((*path, "says"), rule, show(threshold), fix)
    if file.margin >= 1:
        rule = "must be below 1, as accuracies are fractions: 0.01 is one point"
        fix = f"Write {file.margin / 100:g} if you mean points." if file.margin < 100 else None
        yield Issue((*path, "margin"), rule, show(file.margin), fix)
    if isinstance(file.published, float | int) and not lowest <= file.published <= 1:
        rule = f"must be a fraction from {lowest} to 1"
        yield Issue((*path, "published"), rule, show(file.published))


def claim_metric_issues(claims: object) -> list[Issue]:
    """Return issues about the metrics of claims, the only ones that can be found in an invalid study.

    Args:
        claims: the value of ``claims`` as written in the file.
    """
    issues: list[Issue] = []
    for index, item in enumerate(claims if isinstance(claims, list) else ()):
        says = item.get("says") if isinstance(item, dict) else None
        match = next((m for form in _SENTENCES if (m := form.fullmatch(str(says).strip()))), None)
        metric = None if match is None else match.groupdict().get("metric")
        if metric is not None:
            issues.extend(_metric_issues(metric, ("claims", index, "says")))
    return issues


def _metric_issues(metric: str, path: Path) -> Iterator[Issue]:
    name, at, epoch = metric.partition("@")
    if name == "objective":
        rule = (
            "must not compare what is minimised, which smoothing and penalties change by themselves"
        )
        yield Issue(path, rule, show(metric), "Compare loss or val_loss, which have neither.")
    elif name not in (*METRICS, "gap"):
        known = (*METRICS, "gap")
        fix = habit_of_value(name, known) or did_you_mean(name, known)
        yield Issue(path, "must name a metric", show(name), fix)
    if at and (not epoch.isdecimal() or int(epoch) < 1):
        yield Issue(path, "must name an epoch after @, 1 for the first", show(metric))
    if at and name.startswith("test_"):
        yield Issue(path, "knows test metrics only at the end", show(metric))


@dataclass(frozen=True)
class _Names:
    """Resolver of the names in a claim's sentence: factors, levels and variants of the study."""

    factors: Mapping[str, Sequence[str]]
    variants: Sequence[str]
    path: Path
    issues: list[Issue]

    def comparison(self, part: Mapping[str, str]) -> dict[str, Any]:
        """Parse ``LEFT > RIGHT``; RIGHT is a threshold if it is a number and names no level or variant."""
        left, right = part["left"], part["right"]
        known = {*self.variants, *(level for levels in self.factors.values() for level in levels)}
        threshold = _number(right) if right not in known else None
        fields: dict[str, Any] = {"left": left, "right": right, "operator": part["operator"]}
        if threshold is None:
            factor = _factor(left, right, self.factors, self.variants, self.path, self.issues)
            return {**fields, "factor": factor}
        if left not in known:
            fix = did_you_mean(left, known)
            self.issues.append(Issue(self.path, "must name a level or a variant", show(left), fix))
        factor = next((name for name, levels in self.factors.items() if left in levels), "")
        if left in self.variants:
            factor = ""
        return {**fields, "factor": factor, "kind": "threshold", "threshold": threshold}

    def interaction(self, part: Mapping[str, str]) -> dict[str, Any]:
        """Parse ``LEFT - RIGHT depends on FACTOR``."""
        left, right, other = part["left"], part["right"], part["other"]
        factor = _factor(left, right, self.factors, self.variants, self.path, self.issues)
        others = [name for name in self.factors if name != factor]
        if other not in others:
            fix = did_you_mean(other, others)
            self.issues.append(Issue(self.path, "must depend on another factor", show(other), fix))
        if not factor and left in self.variants:
            rule = "must compare levels of a factor, since whole variants depend on nothing"
            self.issues.append(Issue(self.path, rule, show(f"{left} - {right}")))
        return {
            "left": left,
            "right": right,
            "operator": "depends",
            "factor": factor,
            "other": other,
            "kind": "interaction",
        }

    def trend(self, part: Mapping[str, str]) -> dict[str, Any]:
        """Parse ``METRIC rises with FACTOR``; the names of the levels must contain different numbers."""
        factor = part["factor"]
        levels = self.factors.get(factor, ())
        if not levels:
            fix = did_you_mean(factor, self.factors)
            self.issues.append(Issue(self.path, "must name a factor", show(factor), fix))
        numbers = [level_number(level) for level in levels]
        if None in numbers or len(set(numbers)) < len(numbers):
            rule = "must name a factor whose levels hold different numbers"
            self.issues.append(Issue(self.path, rule, show(list(levels))))
        operator = ">" if part["direction"] == "rises" else "<"
        ordered = sorted(levels, key=lambda level: level_number(level) or 0.0)
        return {
            "left": factor,
            "right": "",
            "operator": operator,
            "factor": factor,
            "kind": "trend",
            "levels": tuple(ordered),
        }


def level_number(level: str) -> float | None:
    """Return the first number in a level's name, None if there is none.

    Example:
        >>> level_number("32"), level_number("size-500"), level_number("1e-3"), level_number("none")
        (32.0, 500.0, 0.001, None)
    """
    found = re.search(r"\d+(?:\.\d+)?(?:[eE][-+]?\d+)?", level)
    return float(found.group()) if found else None


def _number(text: str) -> float | None:
    """Parse ``0.75`` or ``75 %`` to 0.75; None for other text."""
    scale = 0.01 if text.endswith("%") else 1.0
    try:
        value = float(text.removesuffix("%")) * scale
    except ValueError:
        return None
    return value if math.isfinite(value) else None


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
