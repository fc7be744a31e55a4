"""Ratios of paired rounds with an interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, median, stdev

from scipy import stats


@dataclass(frozen=True)
class Ratio:
    """How many times longer a peer took: median of paired ratios, and a 95 % interval."""

    median: float
    low: float
    high: float
    rounds: int


def paired_ratio(peer: Sequence[float], own: Sequence[float]) -> Ratio:
    """Return peer / own over rounds: t interval on the logarithms, with their median.

    Args:
        peer: seconds per round.
        own: seconds of the same rounds.

    Raises:
        ValueError: rounds are not paired.
    """
    if len(peer) != len(own) or not own:
        raise ValueError(f"rounds must be paired, got {len(peer)} and {len(own)}")
    logs = [math.log(a / b) for a, b in zip(peer, own, strict=True)]
    middle = math.exp(median(logs))
    if len(logs) == 1:
        return Ratio(middle, math.nan, math.nan, 1)
    half = float(stats.t.ppf(0.975, len(logs) - 1)) * stdev(logs) / math.sqrt(len(logs))
    return Ratio(middle, math.exp(mean(logs) - half), math.exp(mean(logs) + half), len(logs))


def line(x: Sequence[float], y: Sequence[float]) -> tuple[float, float]:
    """Return intercept and slope of the least-squares line."""
    fit = stats.linregress(x, y)
    return float(fit.intercept), float(fit.slope)
