"""Functions that format words for all printed lines: counts, safe texts, shares of seeds."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["counted", "named_seeds", "p_value", "plain", "seeds_above_zero", "visible"]

_STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters except tab and newline
    "\u2028\u2029\u202a-\u202e\u2066-\u2069"  # other line ends, and marks that change the direction of writing
    "\ud800-\udfff]"  # surrogates, which stand for undecodable bytes in file names
)


def plain(text: str) -> str:
    """Return a text whose characters can neither control a terminal nor break its encoding.

    >>> plain(chr(27) + "[31mred") == chr(0xFFFD) + "[31mred"
    True
    """
    return _STEERING.sub("\N{REPLACEMENT CHARACTER}", text)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, whose plural takes an s.

    >>> counted(1, "seed"), counted(1000, "seed")
    ('1 seed', '1,000 seeds')
    """
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def named_seeds(seeds: Sequence[int]) -> str:
    """Return seeds by their numbers.

    >>> named_seeds([8]), named_seeds([2, 6])
    ('seed 8', 'seeds 2, 6')
    """
    return f"seed{'' if len(seeds) == 1 else 's'} {', '.join(map(str, seeds))}"


def p_value(p: float) -> str:
    """Return a p value with two digits; very small ones as a bound, since their digits mean nothing.

    >>> p_value(0.0312), p_value(0.00001)
    ('p = 0.031', 'p < 0.0001')
    """
    return "p < 0.0001" if p < 0.0001 else f"p = {p:.2g}"


def seeds_above_zero(ahead: float, seeds: int, ties: int | None) -> str:
    """Return in how many seeds a difference is above zero, and in how many it is zero.

    Args:
        ahead: number of seeds above zero, with ties counted as half.
        seeds: number of all seeds.
        ties: number of seeds at zero; None if it was not stored.

    >>> seeds_above_zero(7, 10, 0), seeds_above_zero(5, 10, 10)
    ('above zero in 7 of 10 seeds', 'above zero in 0 of 10 seeds, 10 ties')
    >>> seeds_above_zero(2.5, 10, None)
    'above zero in 2.5 of 10 seeds, ties as half'
    """
    above = ahead if ties is None else ahead - ties / 2
    said = f", {counted(ties, 'tie')}" if ties else ""
    if ties is None and ahead != int(ahead):
        said = ", ties as half"
    return f"above zero in {above:g} of {counted(seeds, 'seed')}{said}"


def visible(text: str) -> str:
    """Return a name as one line, its line ends and control characters written out.

    >>> visible(chr(27) + "[31mred") == chr(92) + "x1b[31mred"
    True
    """
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
