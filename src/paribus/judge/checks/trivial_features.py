"""Classes that can be told from one pixel, or from the mean colour."""

from __future__ import annotations

from collections.abc import Iterator

from paribus.data.trivial import MOST
from paribus.judge.chance import chance_p, majority_share
from paribus.judge.evidence import Evidence
from paribus.judge.results import Finding

__all__ = ["check"]

HALFWAY = 0.5
"""Of the way from guessing to knowing."""
FEW_CLASSES = {2: 0.5, 3: 0.8, 4: 0.7}
"""The way where there are few classes, which pictures without any mark give away more often.

Measured on digits, MNIST, Fashion-MNIST and CIFAR-10, twelve draws of classes each, the larger of the
two accuracies came to 99 % with two classes, 77 % with three, 60 % with four, 54 % with five and 26 %
with ten. With two classes a mark cannot be told from content, so that is a note.
"""
LEVEL = 0.01


def check(study: Evidence) -> Iterator[Finding]:
    """Warn of data that give their classes away without any shape.

    The accuracy on the validation images must be above the limit by an exact binomial test (level
    1 %): of three images all are easily right.
    """
    seen = set()
    for name, facts in study.facts.items():
        classes = sum(count > 0 for count in facts.class_counts["train"])
        if classes < 2:
            continue
        held_out = facts.class_counts.get("validation", ())
        asked = min(sum(held_out), MOST)
        guess = max(1 / classes, majority_share(held_out) if asked else 0.0)
        limit = guess + FEW_CLASSES.get(classes, HALFWAY) * (1 - guess)
        found = {
            kind: value
            for kind, value in facts.trivial.items()
            if chance_p(round(value * asked), asked, limit) <= LEVEL
        }
        key = tuple(found.items())
        if not found or key in seen:
            continue
        seen.add(key)
        said = " and ".join(f"{kind} alone {value:.0%}" for kind, value in found.items())
        yield Finding(
            check="trivial_features",
            severity="warning" if classes > 2 else "note",
            where=f"the data of {name}",
            evidence=f"of the validation images, the nearest class mean of {said} is right",
            advice="Look for marks, borders, backgrounds or cameras that differ between classes.",
        )
