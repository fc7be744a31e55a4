"""Moving statistics of batch normalisation that still depend on their initial values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from paribus.judge.evidence import Evidence
from paribus.judge.reading import done_trials, layers_of
from paribus.judge.results import Finding
from paribus.judge.statistics.contrasts import contrasts_of
from paribus.nn.registry import LAYERS
from paribus.records import Plan, StoredTrial, Variant
from paribus.wording import counted

__all__ = ["check"]

LEFT = 0.05
"""Largest acceptable weight, momentum ** steps, of the initial mean and variance."""


def check(study: Evidence) -> Iterator[Finding]:
    """Warn if momentum is too high for the number of steps before the end or before a claimed epoch."""
    plan, trials = study.plan, study.trials
    done = done_trials(plan, trials)
    for variant in plan.variants:
        momentum = _longest_momentum(variant)
        mine = [t for t in done.get(variant.name, []) if t.observed.optimizer_steps]
        if not momentum or not mine:
            continue
        last = min(t.observed.optimizer_steps or 0 for t in mine)
        if momentum**last > LEFT:
            yield _finding(variant.name, momentum, last, "")
            continue
        epoch = min(_claimed_epochs(plan, variant.name), default=None)
        steps = _steps_at(mine, epoch) if epoch else last
        if momentum**steps > LEFT:
            yield _finding(variant.name, momentum, steps, f" (epoch {epoch}, which a claim reads)")


def _longest_momentum(variant: Variant) -> float:
    return max(
        (
            float(arguments["momentum"])
            for kind, arguments in layers_of(variant.model)
            if LAYERS[kind].batch_statistics
        ),
        default=0.0,
    )


def _claimed_epochs(plan: Plan, name: str) -> Iterator[int]:
    """Yield the epochs N of the claims on ``METRIC@N`` in whose contrasts the variant occurs."""
    for claim in plan.claims:
        epoch = claim.metric.partition("@")[2]
        if epoch and any(name in contrast.weights for contrast in contrasts_of(claim, plan)):
            yield int(epoch)


def _steps_at(trials: Sequence[StoredTrial], epoch: int) -> int:
    """Return the number of optimizer steps up to the end of an epoch, the fewest of the trials.

    Every epoch of a trial has the same number of steps.
    """
    return min((t.observed.optimizer_steps or 0) * epoch // max(t.epochs, 1) for t in trials)


def _finding(variant: str, momentum: float, steps: int, when: str) -> Finding:
    return Finding(
        check="batch_norm_memory",
        severity="warning",
        where=variant,
        variants=(variant,),
        evidence=(
            f"after {counted(steps, 'step')} at momentum {momentum:g}{when}, the initial values 0 and 1 "
            f"still make up {momentum**steps:.0%} of batch normalisation's moving mean and variance"
        ),
        advice="Lower the momentum, or train for more steps: scores are computed with the moving values.",
    )
