"""Held-out images that were not preprocessed as the training images were."""

from __future__ import annotations

from collections.abc import Iterator

from paribus.judge.evidence import Evidence
from paribus.judge.reading import done_trials
from paribus.judge.results import Finding
from paribus.observed import Moments, Part
from paribus.records import StoredTrial

__all__ = ["check"]


def check(study: Evidence) -> Iterator[Finding]:
    """Report a validation or test set whose preprocessing, fitted constants included, differs from the
    training set's.
    """
    for variant, trials in done_trials(study.plan, study.trials).items():
        for part in ("validation", "test"):
            other = next((t for t in trials if _differs(t, part)), None)
            if other is None:
                continue
            inputs = other.observed.inputs
            yield Finding(
                check="treated_differently",
                severity="error",
                where=variant,
                variants=(variant,),
                evidence=(
                    f"{part} images were preprocessed by other numbers than the training images: they reach "
                    f"the network with {_moments(inputs[part])}, the training images with {_moments(inputs['train'])}"
                ),
                advice="Fit preprocessing on training images, and apply the very same to all parts.",
            )


def _differs(trial: StoredTrial, part: Part) -> bool:
    inputs = trial.observed.inputs
    if part not in inputs or "train" not in inputs:
        return False
    return inputs[part].treatment != inputs["train"].treatment


def _moments(found: Moments) -> str:
    return f"mean {found.mean:.3f} and deviation {found.std:.3f}"
