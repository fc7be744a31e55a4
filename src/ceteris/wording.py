"""Words that every printed line shares."""

from __future__ import annotations

__all__ = ["counted", "seeds_above_zero"]


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, whose plural takes an s.

    >>> counted(1, "seed"), counted(1000, "seed")
    ('1 seed', '1,000 seeds')
    """
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def seeds_above_zero(ahead: float, seeds: int) -> str:
    """Return in how many seeds a difference is above zero; a tie counts half, and is said so.

    >>> seeds_above_zero(7, 10)
    'above zero in 7 of 10 seeds'
    >>> seeds_above_zero(2.5, 10)
    'above zero in 2.5 of 10 seeds, a tie as half'
    """
    ties = "" if ahead == int(ahead) else ", a tie as half"
    return f"above zero in {ahead:g} of {counted(seeds, 'seed')}{ties}"
