"""Units that no longer respond: a relu that is silent on every image, a sigmoid at its limit."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean

from paribus.judge.evidence import Evidence
from paribus.judge.reading import done_trials, probes
from paribus.judge.results import Finding

__all__ = ["check"]

MOST = 0.7
"""Share of a layer's units (relu) or values (sigmoid, tanh), mean over seeds."""
RARE = 0.1
"""Share of the images on which a unit that works may be the only one to speak: a class of ten."""
MISSED = 0.01
"""Probability that such a unit is silent on all images that were tried; else nothing is said."""
_WORDS = {
    "dead": "units are silent on all {examples} images that were tried",
    "saturated": "values are within 0.01 of the activation's limit",
}


def check(study: Evidence) -> Iterator[Finding]:
    """Warn of layers of which most does not respond."""
    for variant, trials in done_trials(study.plan, study.trials).items():
        found = probes(trials)
        said = []
        for kind, words in _WORDS.items():
            if kind == "dead" and any((1 - RARE) ** probe["examples"] > MISSED for probe in found):
                continue
            for name, share in _shares(found, kind).items():
                if share > MOST:
                    examples = found[0]["examples"]
                    said.append(f"{name}: {share:.0%} of its {words.format(examples=examples)}")
        if said:
            yield Finding(
                check="dead_units",
                severity="warning",
                where=variant,
                variants=(variant,),
                evidence="; ".join(said),
                advice="No gradient passes there. Lower the learning rate, or look at the scale of inputs and weights.",
            )


def _shares(found: list[dict], kind: str) -> dict[str, float]:  # type: ignore[type-arg]
    """Layer -> share, mean over seeds."""
    rows: dict[str, list[float]] = {}
    for probe in found:
        for layer in probe["layers"]:
            if kind in layer:
                rows.setdefault(layer["name"], []).append(layer[kind])
    return {name: fmean(values) for name, values in rows.items()}
