"""Chance level, and exact binomial tests of whether an accuracy is above it.

The tests are exact because a normal approximation fails at three images per class. The functions
take counts and return numbers; the checks decide what to report.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from scipy.special import bdtrc

__all__ = [
    "ALPHA",
    "SOME_SKILL",
    "WRONGLY",
    "above_chance",
    "chance_p",
    "majority_share",
    "tells_skill",
]

ALPHA = 0.01
"""Level of the test for one trial: probability that a network that guesses is called skilled."""
WRONGLY = 0.001
"""Probability, over all tested trials together, that a network with `SOME_SKILL` is said to guess."""
SOME_SKILL = 0.25
"""Smallest skill worth detecting, as a fraction of the way from chance level to an accuracy of 1."""


def majority_share(counts: Sequence[int]) -> float:
    """Return the majority-class rate: the accuracy of always predicting the largest class.

    No guess that ignores the image is more accurate.

    Args:
        counts: ``(class,)``, number of images of each class; some may be zero.

    Example:
        >>> majority_share([6, 2, 2])
        0.6
    """
    return max(counts) / sum(counts)


def chance_p(right: int, examples: int, guess: float) -> float:
    """Return the probability that guessing classifies at least ``right`` images correctly.

    Args:
        right: number of correct predictions.
        examples: number of predictions.
        guess: probability that one guess is correct.

    Returns:
        The exact one-sided binomial p value; 1 if ``right`` is 0 or ``guess`` is 1. Oracle:
        ``scipy.stats.binomtest(right, examples, guess, alternative="greater")``.

    Example:
        >>> round(chance_p(3, 3, 0.5), 3)
        0.125
    """
    if right <= 0 or guess >= 1:
        return 1.0
    return float(bdtrc(right - 1, examples, guess))


def above_chance(right: int, examples: int, guess: float, *, level: float = ALPHA) -> bool:
    """Return whether an accuracy is significantly above chance level (`chance_p` at most ``level``).

    Args:
        right: number of correct predictions.
        examples: number of predictions.
        guess: probability that one guess is correct, such as `majority_share`.
        level: significance level. It is not divided by the number of trials: a smaller level would
            report more networks as guessing, and that error is the one to avoid.
    """
    return chance_p(right, examples, guess) <= level


def tells_skill(examples: int, guess: float, *, looks: int = 1) -> bool:
    """Return whether ``examples`` images suffice to tell a network with some skill from guessing.

    Some skill means an accuracy a quarter of the way from chance level to 1. If all ``looks`` trials
    have that skill, the probability that any of them is not `above_chance` must be at most 0.1 %.
    Only then does a result at chance level mean that a network guesses; with fewer images it may
    merely mean that there are too few.

    Args:
        examples: number of predictions.
        guess: probability that one guess is correct.
        looks: number of trials tested together (Bonferroni).
    """
    skilled = guess + SOME_SKILL * (1 - guess)
    needed = _fewest_above(examples, guess)
    return needed is not None and 1 - chance_p(needed, examples, skilled) <= WRONGLY / looks


@lru_cache(maxsize=256)
def _fewest_above(examples: int, guess: float) -> int | None:
    """Return the smallest number of correct predictions that is `above_chance`; None if none is."""
    low, high = 0, examples + 1
    while low < high:
        middle = (low + high) // 2
        if above_chance(middle, examples, guess):
            high = middle
        else:
            low = middle + 1
    return low if low <= examples else None
