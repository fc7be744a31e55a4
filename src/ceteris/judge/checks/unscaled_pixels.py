"""Raw pixels with plain gradient descent: what helps may only be curing the scale."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ceteris.judge.results import Finding
from ceteris.records import Plan, StoredTrial

__all__ = ["check"]

SCALING = {"scale", "standardize"}


def check(plan: Plan, trials: Sequence[StoredTrial]) -> Iterator[Finding]:  # noqa: ARG001
    """Warn of variants without a scaling step."""
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
            evidence="pixels reach the network as they are (0..255 in most images)",
            advice="Add `preprocess: [scale]`; otherwise a normalising layer gets credit for mending the scale.",
        )
