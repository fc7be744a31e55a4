"""Comparison of published values with the prediction interval of one further trial of the study."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from scipy.special import stdtrit

from paribus.judge.statistics.effects import Interval
from paribus.judge.verdicts import MIN_SEEDS
from paribus.records import Claim

__all__ = [
    "PublishedRow",
    "PublishedWord",
    "compare_published",
    "published_difference",
    "published_word",
]

PublishedWord = Literal["as ours", "unlike ours", "too few seeds", "too scattered to tell"]
SCATTERED = 0.2
"""Width of a prediction interval, in accuracy, from which nearly every published value would be inside,
so that it says nothing: a fifth of the range of accuracies."""
_NUMBER = re.compile(r"(?<![\w.])([-+]?\d*\.?\d+)\s*(%?)")


@dataclass(frozen=True)
class PublishedRow:
    """One published value of a variant, and the study's own results."""

    variant: str
    metric: str
    published: float
    mean: float
    """Mean of the study's trials over seeds."""
    low: float
    high: float
    """``low`` to ``high``: 95 % confidence interval of the mean."""
    single_low: float
    single_high: float
    """``single_low`` to ``single_high``: 95 % prediction interval of one further trial."""
    n: int
    verdict: PublishedWord


def compare_published(
    published: Mapping[str, Mapping[str, float]], ours: Mapping[str, Mapping[str, Interval]]
) -> tuple[PublishedRow, ...]:
    """Compare published values, each taken as the result of one run, with the study's seeds.

    A value is "as ours" if it lies in the prediction interval of one further trial, unless that is so
    wide that it says nothing.

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
                word = published_word(metric, value, low, high, item.n)
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


def published_word(metric: str, value: float, low: float, high: float, n: int) -> PublishedWord:
    """Return the verdict on whether a published value could be one more run of ours.

    Args:
        metric: name of the metric.
        value: the published value, of one run.
        low: lower limit of the range of one more run of ours, a 95 % prediction interval.
        high: its upper limit.
        n: number of our seeds.
    """
    if n < MIN_SEEDS or math.isnan(low):
        return "too few seeds"
    if not low <= value <= high:
        return "unlike ours"
    is_share = metric.partition("@")[0].endswith("accuracy") or metric == "gap"
    return "too scattered to tell" if is_share and high - low >= SCATTERED else "as ours"


def published_difference(claim: Claim) -> float | None:
    """Parse the published value of a claim's contrast from its text ``published``.

    For a difference, the second number of the text is subtracted from the first; for a threshold,
    the threshold is subtracted from the first number.

    Returns:
        None for other kinds of claims, and if the text does not have the numbers.

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
