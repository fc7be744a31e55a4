"""Accessors for checks: finished trials, metrics, mean curves, layers and probes of a study."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from statistics import fmean
from typing import Any

from paribus.observed import Probe
from paribus.records import Plan, StoredTrial, Variant

__all__ = [
    "METRICS",
    "done_trials",
    "layers_of",
    "mean_curve",
    "mean_metric",
    "metric_of",
    "num_classes",
    "probes",
]

METRICS = ("loss", "accuracy", "val_loss", "val_accuracy", "test_loss", "test_accuracy")
"""Metrics of a trial that tables and effects show, in this order."""


def done_trials(plan: Plan, trials: Sequence[StoredTrial]) -> dict[str, list[StoredTrial]]:
    """Return variant -> finished trials; variants without finished trials are left out."""
    found: dict[str, list[StoredTrial]] = {variant.name: [] for variant in plan.variants}
    for trial in trials:
        if trial.status == "done" and trial.variant in found:
            found[trial.variant].append(trial)
    return {name: done for name, done in found.items() if done}


def metric_of(trial: StoredTrial, metric: str) -> float | None:
    """Return a metric of a trial; None if the trial does not have it.

    Args:
        trial: a finished trial.
        metric: name of a final metric; ``METRIC@EPOCH`` for its value after that epoch, for example
            ``val_accuracy@1``; ``gap`` for accuracy minus val_accuracy.
    """
    name, _, epoch = metric.partition("@")
    found = trial.metrics
    if epoch:
        found = next((r.metrics for r in trial.curves if r.epoch == int(epoch)), {})
    if name == "gap":
        both = "accuracy" in found and "val_accuracy" in found
        return found["accuracy"] - found["val_accuracy"] if both else None
    return found.get(name)


def mean_metric(trials: Sequence[StoredTrial], metric: str) -> float | None:
    """Return the mean of a final metric over trials; None if any trial lacks it."""
    if not all(metric in trial.metrics for trial in trials):
        return None
    return fmean(trial.metrics[metric] for trial in trials)


def mean_curve(trials: Sequence[StoredTrial], metric: str) -> list[float]:
    """Return the mean of a metric over trials for each epoch, up to the last epoch that all reached.

    The list is empty if any trial lacks the metric in one of these epochs.
    """
    length = min((len(trial.curves) for trial in trials), default=0)
    if not all(metric in record.metrics for trial in trials for record in trial.curves[:length]):
        return []
    return [fmean(trial.curves[k].metrics[metric] for trial in trials) for k in range(length)]


def layers_of(settings: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield (class, arguments) of every layer of a resolved model, containers before their layers."""
    for item in (*settings.get("layers", ()), *settings.get("shortcut", ())):
        for kind, arguments in item.items():
            yield kind, arguments or {}
            yield from layers_of(arguments or {})


def num_classes(variant: Variant) -> int | None:
    """Return the ``units`` of the last layer with such an argument; None if there is none."""
    units = [
        arguments["units"] for _, arguments in layers_of(variant.model) if "units" in arguments
    ]
    return units[-1] if units else None


def probes(trials: Sequence[StoredTrial]) -> list[Probe]:
    """Return the results of `paribus.engine.inspection.probe` of the trials in which all numbers are finite."""
    found = [trial.observed.probe for trial in trials]
    return [probe for probe in found if probe is not None and _finite(asdict(probe))]


def _finite(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(map(_finite, value.values()))
    if isinstance(value, tuple):
        return all(map(_finite, value))
    return not isinstance(value, float) or math.isfinite(value)
