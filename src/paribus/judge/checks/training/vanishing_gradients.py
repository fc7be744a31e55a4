"""Gradients that vanish or explode on their way to the first layer, before training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from paribus.judge.evidence import Evidence
from paribus.judge.reading import done_trials, probes
from paribus.judge.results import Finding
from paribus.observed import Probe
from paribus.wording import counted

__all__ = ["check"]

SMALL_SHARE = 1 / 300
"""Smallest acceptable ratio of the first kernel's gradient to the last kernel's (root mean squares)."""
NOTHING = 1e-6
"""Root mean square below which all kernels' gradients count as zero."""
LARGE = 2.0
"""Root mean square above which a kernel's gradient counts as exploding."""
USUAL_INPUT = 3.0
"""Root mean square below which inputs count as scaled; larger inputs explain large gradients."""


def check(study: Evidence) -> Iterator[Finding]:
    """Warn if gradients at the first step vanish or explode, by the median over seeds."""
    for variant, trials in done_trials(study.plan, study.trials).items():
        found = [probe for probe in probes(trials) if probe.gradients]
        if not found:
            continue
        said = _said(found)
        if said:
            yield Finding(
                check="vanishing_gradients",
                severity="warning",
                where=variant,
                variants=(variant,),
                evidence=f"at the first step (median over {counted(len(found), 'seed')}) {said[0]}",
                advice=said[1],
            )


def _said(found: Sequence[Probe]) -> tuple[str, str] | None:
    starts = [list(probe.gradients.items()) for probe in found]
    first, last = starts[0][0][0], starts[0][-1][0]
    share = median(_share(rows[0][1].start, rows[-1][1].start) for rows in starts)
    largest = median(max(row.start for _, row in rows) for rows in starts)
    inputs = median(probe.input_rms for probe in found)
    weights = (
        "Choose initial weights that suit the activation (he_normal for relu, glorot for tanh)."
    )
    if largest < NOTHING:
        return f"no kernel gets a gradient above {largest:.1g} (root mean square)", weights
    if share < SMALL_SHARE:
        return (
            f"{first} gets {share:.1g} of the gradient that {last} gets",
            "Use relu instead of sigmoid, normalise between layers, or add residual connections.",
        )
    if largest > LARGE and inputs < USUAL_INPUT:
        return (
            f"a kernel's gradient has the root mean square {largest:.2g}, and more than {LARGE:g} counts as exploding",
            weights,
        )
    return None


def _share(first: float, last: float) -> float:
    return first / last if last > 0 else 1.0
