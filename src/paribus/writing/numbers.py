"""Formats of metrics, intervals and differences: accuracies in percent and points, the rest as they are."""

from __future__ import annotations

import math

from paribus.judge.statistics.effects import Interval
from paribus.writing.metrics import is_share

__all__ = [
    "bare",
    "format_difference",
    "format_estimate",
    "format_interval",
    "format_metric",
    "signed",
]


def format_metric(metric: str, value: float) -> str:
    """Format one value: accuracies in percent.

    Example:
        >>> format_metric("val_accuracy", 0.91234), format_metric("val_loss", 0.25)
        ('91.23 %', '0.250')
    """
    if not math.isfinite(value):
        return "-"
    return f"{100 * value:.2f} %" if is_share(metric) else f"{value:.3f}"


def format_interval(metric: str, item: Interval) -> str:
    """Format a mean with its interval.

    Example:
        >>> format_interval("val_accuracy", Interval(0.9, 0.89, 0.91, 0.01, 5))
        '90.00 % [89.00, 91.00]'
    """
    return format_estimate(metric, item.mean, item.low, item.high)


def format_estimate(metric: str, mean: float, low: float, high: float) -> str:
    """Format an estimate with its interval, as `format_interval` does.

    Example:
        >>> format_estimate("val_accuracy", 0.99, 0.97, 1.01)
        '99.00 % [97.00, 100.00]'
    """
    text = format_metric(metric, mean)
    if not math.isfinite(low):
        return text
    if metric.partition("@")[0].endswith("accuracy"):  # an accuracy lies between 0 and 1
        low, high = max(low, 0.0), min(high, 1.0)
    return f"{text} [{bare(metric, low)}, {bare(metric, high)}]"


def format_difference(metric: str, estimate: float, low: float, high: float) -> str:
    """Format a difference with its interval; accuracies in points.

    Example:
        >>> format_difference("val_accuracy", 0.01, 0.005, 0.015)
        '+1.00 points [+0.50, +1.50]'
    """
    if not math.isfinite(estimate):
        return "-"
    text = signed(metric, estimate) + (" points" if is_share(metric) else "")
    if not math.isfinite(low):
        return text
    return f"{text} [{signed(metric, low)}, {signed(metric, high)}]"


def signed(metric: str, value: float) -> str:
    """Format a difference without its unit; accuracies in points.

    Example:
        >>> signed("val_accuracy", 0.01), signed("val_loss", -0.25)
        ('+1.00', '-0.250')
    """
    return f"{100 * value:+.2f}" if is_share(metric) else f"{value:+.3f}"


def bare(metric: str, value: float) -> str:
    """Format one value without its unit."""
    return format_metric(metric, value).removesuffix(" %")
