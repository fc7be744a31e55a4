"""What guessing gives, and whether a count of right answers is more than that.

Exact binomial probabilities: at three images a class a normal approximation says anything. Pure
functions of counts; what is done with the answer is the matter of the checks.
"""

from __future__ import annotations

from collections.abc import Sequence

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
"""Probability of taking a guesser for one that has learned, for one trial."""
WRONGLY = 0.001
"""Probability of taking one with some skill for a guesser, for all trials that are looked at."""
SOME_SKILL = 0.25
"""Of the way from guessing to knowing."""


def majority_share(counts: Sequence[int]) -> float:
    """Return the accuracy of naming the largest class always, the best that can be had by guessing.

    Args:
        counts: ``(class,)``, images of each; some may be zero.

    Example:
        >>> majority_share([6, 2, 2])
        0.6
    """
    return max(counts) / sum(counts)


def chance_p(right: int, examples: int, guess: float) -> float:
    """Return the probability that guessing gets at least so many right.

    Args:
        right: answers that are right.
        examples: answers.
        guess: probability that one guess is right.

    Returns:
        The exact one-sided p value; 1 where nothing was asked. Oracle:
        ``scipy.stats.binomtest(right, examples, guess, alternative="greater")``.

    Example:
        >>> round(chance_p(3, 3, 0.5), 3)
        0.125
    """
    if right <= 0 or guess >= 1:
        return 1.0
    return float(bdtrc(right - 1, examples, guess))


def above_chance(right: int, examples: int, guess: float, *, level: float = ALPHA) -> bool:
    """Return whether so many right answers are more than guessing explains.

    Args:
        right: answers that are right.
        examples: answers.
        guess: probability that one guess is right, such as `majority_share`.
        level: of the test. It is not divided by the number of trials: that would make it easier
            to be called a guesser, and this must not be said wrongly.
    """
    return chance_p(right, examples, guess) <= level


def tells_skill(examples: int, guess: float, *, looks: int = 1) -> bool:
    """Return whether so many answers would tell a network with some skill from guessing.

    Some skill is a quarter of the way from guessing to knowing. Of all ``looks`` trials with that
    skill, one may fail to come out above chance with a probability of at most 0.1 %: only then does
    a result that is not above chance say that a network guesses; otherwise it says that there were
    few images.

    Args:
        examples: answers.
        guess: probability that one guess is right.
        looks: trials that are looked at together (Bonferroni).
    """
    skilled = guess + SOME_SKILL * (1 - guess)
    needed = _fewest_above(examples, guess)
    return needed is not None and 1 - chance_p(needed, examples, skilled) <= WRONGLY / looks


def _fewest_above(examples: int, guess: float) -> int | None:
    """Return the smallest count that is above chance, None if there is none."""
    low, high = 0, examples + 1
    while low < high:
        middle = (low + high) // 2
        if above_chance(middle, examples, guess):
            high = middle
        else:
            low = middle + 1
    return low if low <= examples else None
