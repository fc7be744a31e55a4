"""Names of metrics for people, and which of them are fractions."""

from __future__ import annotations

__all__ = ["is_share", "title"]

_TITLES = {
    "loss": "train loss",
    "accuracy": "train accuracy",
    "val_loss": "validation loss",
    "val_accuracy": "validation accuracy",
    "test_loss": "test loss",
    "test_accuracy": "test accuracy",
    "objective": "objective (train loss with label smoothing and penalties)",
    "gap": "train minus validation accuracy",
}


def title(metric: str) -> str:
    """Return a metric's name for people."""
    name, at, epoch = metric.partition("@")
    return _TITLES.get(name, name) + (f" after epoch {epoch}" if at else "")


def is_share(metric: str) -> bool:
    """Return whether a metric is a fraction, which people read in percent."""
    name = metric.partition("@")[0]
    return name.endswith("accuracy") or name == "gap"
