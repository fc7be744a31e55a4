"""Classes that a nearest-class-mean classifier tells apart by one pixel or by the mean colour."""

from __future__ import annotations

from collections.abc import Iterator

from paribus.data.trivial import MOST
from paribus.judge.evidence import Evidence
from paribus.judge.results import Finding
from paribus.judge.statistics.chance import chance_p, majority_share
from paribus.wording import counted

__all__ = ["check"]

HALFWAY = 0.5
"""Smallest reported accuracy, as a fraction of the way from chance level to 1."""
FEW_CLASSES = {2: 0.5, 3: 0.8, 4: 0.7}
"""Number of classes -> the same limit where few classes make clean images easy, too.

Measured on digits, MNIST, Fashion-MNIST and CIFAR-10 (twelve random sets of classes each), the larger
of the two accuracies reached 99 % with two classes, 77 % with three, 60 % with four, 54 % with five and
26 % with ten. With two classes a mark cannot be told from content: the finding is a note, no warning.
"""
LEVEL = 0.01
_SEEN = {"mean colour": "the mean colour"}


def check(study: Evidence) -> Iterator[Finding]:
    """Warn if one pixel or the mean colour predicts the classes of the validation images.

    The validation accuracy must be above the limit by an exact binomial test (level 1 %), because
    three correct images of three prove little.
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
        said = ", and on ".join(
            f"{value:.0%} if it sees only {_SEEN.get(kind, kind)}" for kind, value in found.items()
        )
        yield Finding(
            check="trivial_features",
            severity="warning" if classes > 2 else "note",
            where=f"the data of {name}",
            evidence=(
                f"of {counted(asked, 'validation image')}, a simple classifier is right on {said}; "
                f"guessing gives {guess:.0%}"
            ),
            advice="Look for marks, borders, backgrounds or cameras that differ between classes.",
        )
