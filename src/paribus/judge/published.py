"""Published numbers beside ours, and whether one run of ours could have given them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from scipy.special import stdtrit

from paribus.judge.effects import Interval
from paribus.judge.verdicts import MIN_SEEDS
from paribus.records import Claim

__all__ = ["PublishedRow", "compare_published", "published_difference"]

Word = Literal["as ours", "unlike ours", "too few seeds"]
_NUMBER = re.compile(r"(?<![\w.])([-+]?\d*\.?\d+)\s*(%?)")


@dataclass(frozen=True)
class PublishedRow:
    """One published value of one variant, and ours."""

    variant: str
    metric: str
    published: float
    mean: float
    low: float
    high: float
    """95 % interval of our mean."""
    single_low: float
    single_high: float
    """Where one more run of ours would lie, 19 times out of 20."""
    n: int
    verdict: Word


def compare_published(
    published: Mapping[str, Mapping[str, float]], ours: Mapping[str, Mapping[str, Interval]]
) -> tuple[PublishedRow, ...]:
    """Compare published values, each of one run, with our seeds.

    Args:
        published: metric -> variant -> value.
        ours: variant -> metric -> mean over seeds.

    Source: the t prediction interval of one further draw, mean +- t s sqrt(1 + 1/n).
    """
    rows = []
    for metric, values in published.items():
        for variant, value in values.items():
            item = ours.get(variant, {}).get(metric)
            if item is not None:
                low, high = _single(item)
                word = _word(value, low, high, item.n)
                interval = (item.mean, item.low, item.high)
                rows.append(
                    PublishedRow(variant, metric, value, *interval, low, high, item.n, word)
                )
    return tuple(rows)


def _single(item: Interval) -> tuple[float, float]:
    if item.n < 2:
        return math.nan, math.nan
    half = float(stdtrit(item.n - 1, 0.975)) * item.std * math.sqrt(1 + 1 / item.n)
    return item.mean - half, item.mean + half


def _word(value: float, low: float, high: float, n: int) -> Word:
    if n < MIN_SEEDS:
        return "too few seeds"
    return "as ours" if low <= value <= high else "unlike ours"


def published_difference(claim: Claim) -> float | None:
    """Read the published value of a claim's contrast out of its text.

    Two numbers of a difference are subtracted; the first of a threshold is compared with it.

    Example:
        >>> claim = Claim("c", "s", "f", "a", ">", "b", "val_accuracy", published="89.69 % > 85.41 %")
        >>> round(published_difference(claim), 4)
        0.0428
    """
    numbers = [
        float(digits) * (0.01 if percent else 1.0)
        for digits, percent in _NUMBER.findall(claim.published or "")
    ]
    if claim.kind == "difference" and len(numbers) == 2:
        return numbers[0] - numbers[1]
    if claim.kind == "threshold" and numbers:
        return numbers[0] - claim.threshold
    return None
