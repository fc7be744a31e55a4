"""Running statistics of batch normalisation that still remember their start."""

from __future__ import annotations

from collections.abc import Iterator

from ceteris.judge.evidence import Evidence
from ceteris.judge.reading import done_trials, layers_of
from ceteris.judge.results import Finding

__all__ = ["check"]

LEFT = 0.05
"""Share of the initial mean and variance that may be left."""


def check(study: Evidence) -> Iterator[Finding]:
    """Warn where momentum is too long for the number of steps."""
    plan, trials = study.plan, study.trials
    done = done_trials(plan, trials)
    for variant in plan.variants:
        momenta = [
            arguments.get("momentum") or 0.0
            for kind, arguments in layers_of(variant.model)
            if kind == "BatchNormalization"
        ]
        steps = min(
            (t.observed.get("optimizer_steps", 0) for t in done.get(variant.name, [])), default=0
        )
        left = max(momenta, default=0.0) ** steps if steps else 0.0
        if left > LEFT:
            yield Finding(
                check="batch_norm_memory",
                severity="warning",
                where=variant.name,
                evidence=(
                    f"after {steps} steps at momentum {max(momenta):g}, {left:.0%} of the moving mean "
                    f"and variance is still their initial 0 and 1"
                ),
                advice="Scores use the moving values: lower the momentum, or train for more steps.",
            )
