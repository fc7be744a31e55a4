"""From an interval to a word. The vocabulary is closed."""

from __future__ import annotations

from typing import Literal

from ceteris.judge.effects import Effect

__all__ = ["MIN_SEEDS", "Verdict", "judge_difference"]

Verdict = Literal[
    "supported",
    "supported but negligible",
    "refuted",
    "practically equal",
    "undecided",
    "cannot be decided by seeds",
    "not assessable",
]

MIN_SEEDS = 5


def judge_difference(effect: Effect, operator: Literal[">", "<", "="], margin: float) -> Verdict:
    """Judge "left operator right" from the paired difference left - right.

    Args:
        effect: of the difference, with its interval.
        operator: as claimed.
        margin: smallest difference that matters, at least 0.

    Example:
        >>> judge_difference(Effect(0.03, 0.02, 0.04, n=10), ">", margin=0.01)
        'supported'
        >>> judge_difference(Effect(0.03, 0.02, 0.04, n=4), ">", margin=0.01)
        'undecided'
    """
    if effect.n < MIN_SEEDS:
        return "undecided"
    low, high = (-effect.high, -effect.low) if operator == "<" else (effect.low, effect.high)
    inside = low > -margin and high < margin
    if operator == "=":
        if inside:
            return "supported"
        return "refuted" if low > margin or high < -margin else "undecided"
    if low > 0:
        return "supported but negligible" if inside else "supported"
    if inside:
        return "practically equal"
    return "refuted" if high < 0 else "undecided"
