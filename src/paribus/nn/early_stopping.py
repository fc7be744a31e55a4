"""Early stopping and choice of the best epoch, by one rule for all variants. Free of torch."""

from __future__ import annotations

from collections.abc import Sequence

from paribus.nn.training import EarlyStopping

__all__ = ["best_epoch", "should_stop"]


def improves(monitor: str, value: float, best: float, min_delta: float = 0.0) -> bool:
    """Return whether ``value`` beats ``best`` by more than ``min_delta``."""
    gain = best - value if monitor.endswith("loss") else value - best
    return gain > min_delta


def best_epoch(monitor: str, values: Sequence[float]) -> int:
    """Return the index of the best value; the first one among equals.

    Example:
        >>> best_epoch("val_loss", [3.0, 1.0, 2.0, 1.0])
        1
    """
    best = 0
    for index, value in enumerate(values):
        if improves(monitor, value, values[best]):
            best = index
    return best


def should_stop(rule: EarlyStopping, values: Sequence[float]) -> bool:
    """Return whether training ends after the epochs that gave ``values``.

    Source: Keras 3 ``EarlyStopping``: stop once ``patience`` epochs in a row did not improve.

    Example:
        >>> should_stop(EarlyStopping(patience=2), [1.0, 0.5, 0.6, 0.7])
        True
    """
    best, since = None, 0
    for value in values:
        if best is None or improves(rule.monitor, value, best, rule.min_delta):
            best, since = value, 0
        else:
            since += 1
    return since >= rule.patience
