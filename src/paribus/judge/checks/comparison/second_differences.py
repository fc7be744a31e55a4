"""Confounded variants: more than the declared factor differs from the baseline."""

from __future__ import annotations

from collections.abc import Iterator

from paribus.judge.evidence import Evidence
from paribus.judge.results import Finding

__all__ = ["check"]


def check(study: Evidence) -> Iterator[Finding]:
    """Repeat the warnings of the plan as findings, each once with all variants that it concerns."""
    plan = study.plan
    by_text: dict[str, list[str]] = {}
    for variant in plan.variants:
        for warning in variant.warnings:
            by_text.setdefault(warning, []).append(variant.name)
    for warning, names in by_text.items():
        yield Finding(
            check="second_differences",
            severity="note" if warning.startswith("the number of parameters") else "warning",
            where=", ".join(names),
            variants=tuple(names),
            evidence=warning,
            advice="Read effects of these variants as effects of both differences together.",
        )
