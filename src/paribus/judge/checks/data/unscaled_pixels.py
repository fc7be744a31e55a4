"""Unscaled pixels (0 to 255): a layer may then help only because it normalises its input."""

from __future__ import annotations

from collections.abc import Iterator

from paribus.judge.evidence import Evidence
from paribus.judge.results import Finding

__all__ = ["check"]

SCALING = {"scale", "standardize"}


def check(study: Evidence) -> Iterator[Finding]:
    """Warn of variants without ``scale`` or ``standardize`` among their preprocessing steps."""
    plan = study.plan
    raw = [
        variant.name
        for variant in plan.variants
        if "preprocess" in variant.data
        and not SCALING & {name for step in variant.data["preprocess"] for name in step}
    ]
    if raw:
        yield Finding(
            check="unscaled_pixels",
            severity="warning",
            where=", ".join(raw) if len(raw) < len(plan.variants) else "all variants",
            variants=tuple(raw) if len(raw) < len(plan.variants) else (),
            evidence="pixels reach the network as they are (0..255 in most images)",
            advice=(
                "Add `preprocess: [scale]`: without it, a layer that normalises its input may be ahead only "
                "because it scales the pixels."
            ),
        )
