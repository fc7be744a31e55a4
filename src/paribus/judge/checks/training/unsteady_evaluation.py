"""Evaluation in training mode: predictions change between two passes, or with the rest of the batch."""

from __future__ import annotations

from collections.abc import Iterator

from paribus.judge.evidence import Evidence
from paribus.judge.reading import done_trials, probes
from paribus.judge.results import Finding
from paribus.observed import Probe

__all__ = ["check"]

NOTICED = 1e-3
"""Smallest reported change of a probability; rounding changes less."""
_WORDS = {
    "twice": "when the same images are scored again, as with dropout left on",
    "alone": "when images are scored one by one, as with normalisation by the batch",
}


def check(study: Evidence) -> Iterator[Finding]:
    """Report an error if the probe found that predictions are not reproducible (dropout) or depend on
    the batch (batch normalisation).
    """
    for variant, trials in done_trials(study.plan, study.trials).items():
        found = probes(trials)
        for kind, words in _WORDS.items():
            change = max((_change(probe, kind) for probe in found), default=0.0)
            if change > NOTICED:
                yield Finding(
                    check="unsteady_evaluation",
                    severity="error",
                    where=variant,
                    variants=(variant,),
                    evidence=f"a probability changes by up to {change:.2g} {words}",
                    advice="Compute the scores again in evaluation mode: these depend on more than network and image.",
                )
                break


def _change(probe: Probe, kind: str) -> float:
    return probe.twice if kind == "twice" else probe.alone
