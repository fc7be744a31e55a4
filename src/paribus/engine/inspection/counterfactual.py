"""Counterfactual runs of a failed trial: the same steps again, with one condition changed at a time.

A condition is the cause of a non-finite loss if the failure vanishes when it alone is changed. The
runs are short: as many steps as the failed trial took, and `MARGIN` more.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from paribus.data.prepare import PreparedData
from paribus.engine.run import first_failure
from paribus.observed import Counterfactual
from paribus.records import Trial

__all__ = ["MOST_STEPS", "explain_failure"]

MOST_STEPS = 400
"""Trials that fail after more optimizer steps are not run again."""
MARGIN = 20
"""Number of steps after the failing one that a counterfactual run must take without failing."""

CAREFUL = 1e-4
"""A learning rate at which training is nearly always stable."""

Treatment = Callable[[Tensor], Tensor]
Change = tuple[str, dict[str, Any], Treatment | None]
"""(name of the change, training settings, function applied to batches of images or None)."""


def explain_failure(
    trial: Trial, data: PreparedData, steps: int, device: str = "cpu"
) -> tuple[Counterfactual, ...]:
    """Run the first steps of a failed trial again under changed conditions.

    Args:
        trial: a trial that failed with a non-finite loss.
        data: its prepared data.
        steps: number of optimizer steps up to the failure.
        device: ``cpu`` or ``cuda``.

    Returns:
        One for each change, "nothing" first; empty if the trial failed after more than `MOST_STEPS`
        steps.
    """
    images = data.train_images
    if not 0 < steps <= MOST_STEPS or not len(images):
        return ()
    rows = []
    for name, train, treat in _changes(dict(trial.variant.train)):
        changed = replace(trial, variant=replace(trial.variant, train=train))
        failing = first_failure(
            changed,
            data,
            num_steps=steps + MARGIN,
            device=torch.device(device),
            treat=treat,
        )
        rows.append(Counterfactual(name, fails=failing is not None))
    return tuple(rows)


def _changes(train: dict[str, Any]) -> Iterator[Change]:
    yield "nothing", train, None
    size = train["batch_size"]
    for other in (max(1, size // 2), 2 * size):
        yield f"batch_size {other}", {**train, "batch_size": other}, None
    if train["precision"] != "fp32":
        yield "precision fp32", {**train, "precision": "fp32"}, None
    yield "NaN and infinity in the inputs set to 0", train, _finite
    yield "inputs standardised", train, _standardised
    yield "learning_rate / 10", _slower(train, lambda rate: rate / 10), None
    yield f"learning_rate {CAREFUL:g}", _slower(train, lambda rate: min(rate, CAREFUL)), None


def _slower(train: dict[str, Any], slowed: Callable[[float], float]) -> dict[str, Any]:
    changed = copy.deepcopy(train)
    for constants in changed["optimizer"].values():
        constants["learning_rate"] = slowed(constants["learning_rate"])
    return changed


def _finite(batch: Tensor) -> Tensor:
    return torch.nan_to_num(batch, nan=0.0, posinf=0.0, neginf=0.0)


def _standardised(batch: Tensor) -> Tensor:
    """Standardise every image to mean 0 and standard deviation 1."""
    axes = (1, 2, 3)
    centred = batch - batch.mean(axes, keepdim=True)
    return centred / (centred.square().mean(axes, keepdim=True).sqrt() + 1e-6)
