"""Units without a gradient: relu units that output 0 for every image, saturated sigmoid and tanh."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import fmean

from paribus.judge.evidence import Evidence
from paribus.judge.reading import done_trials, probes
from paribus.judge.results import Finding
from paribus.observed import Probe
from paribus.wording import counted

__all__ = ["check"]

MOST = 0.7
"""Largest acceptable fraction of dead units (relu) or saturated values (sigmoid, tanh) of a layer,
mean over seeds."""
RARE = 0.1
"""Fraction of images that activate a working but specialised unit, for example one of ten classes."""
MISSED = 0.01
"""Largest acceptable probability that no probed image activates such a unit; above it (too few
images), dead units are not reported."""
_WORDS = {
    "dead": "units give 0 for all {examples} images that were tried",
    "saturated": "values are within 0.01 of the activation's limit",
}


def check(study: Evidence) -> Iterator[Finding]:
    """Warn of layers in which most units are dead or most values are saturated."""
    for variant, trials in done_trials(study.plan, study.trials).items():
        found = probes(trials)
        said = []
        for kind, words in _WORDS.items():
            if kind == "dead" and any((1 - RARE) ** probe.examples > MISSED for probe in found):
                continue
            for name, share in _shares(found, kind).items():
                if share > MOST:
                    examples = found[0].examples
                    said.append(f"{name}: {share:.0%} of its {words.format(examples=examples)}")
        if said:
            yield Finding(
                check="dead_units",
                severity="warning",
                where=variant,
                variants=(variant,),
                evidence=f"{'; '.join(said)} (mean over {counted(len(found), 'seed')})",
                advice=(
                    "Lower the learning rate, or look at the scale of inputs and weights: hardly any gradient "
                    "passes through such units."
                ),
            )


def _shares(found: Sequence[Probe], kind: str) -> dict[str, float]:
    """Return layer name -> fraction of dead units or saturated values (``kind``), mean over seeds."""
    rows: dict[str, list[float]] = {}
    for probe in found:
        for layer in probe.layers:
            share = layer.dead if kind == "dead" else layer.saturated
            if share is not None:
                rows.setdefault(layer.name, []).append(share)
    return {name: fmean(values) for name, values in rows.items()}
