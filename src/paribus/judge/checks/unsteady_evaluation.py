"""A network whose answer depends on when it is asked, or on what is asked with it."""

from __future__ import annotations

from collections.abc import Iterator

from paribus.judge.evidence import Evidence
from paribus.judge.reading import done_trials, probes
from paribus.judge.results import Finding

__all__ = ["check"]

NOTICED = 1e-3
"""Change of a probability that rounding does not explain."""
_WORDS = {
    "twice": "when the same images are scored again (dropout is on)",
    "alone": "when images are scored one by one (normalised by the batch)",
}


def check(study: Evidence) -> Iterator[Finding]:
    """Report evaluation in training mode as an error."""
    for variant, trials in done_trials(study.plan, study.trials).items():
        found = probes(trials)
        for kind, words in _WORDS.items():
            change = max((probe[kind] for probe in found), default=0.0)
            if change > NOTICED:
                yield Finding(
                    check="unsteady_evaluation",
                    severity="error",
                    where=variant,
                    variants=(variant,),
                    evidence=f"a probability changes by {change:.2g} {words}",
                    advice="Scores must come from evaluation mode; these cannot be trusted.",
                )
                break
