"""Whether a course's weights follow from its gradients by the referee's optimizer and schedule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from benchmarks.fuzz.arms import Course
from benchmarks.fuzz.plain_training import learning_rates, optimizer_of
from benchmarks.fuzz.verify import Difference

__all__ = ["update_differences"]

_FACTOR = 8.0
_FLOOR = {torch.float32: 2e-6, torch.float64: 1e-13}
_RATE = 1e-9
"""Relative error of a learning rate: schedules are written as other formulas of the same curve."""


def update_differences(
    course: Course, train: Mapping[str, Any], profile: str, per_epoch: int, dtype: torch.dtype
) -> list[Difference]:
    """Give the course's own gradients to the referee's optimizer; compare weights after every step.

    Args:
        course: of an arm.
        train: resolved.
        profile: keras or torch.
        per_epoch: steps of an epoch.
        dtype: of the arm.
    """
    rates = learning_rates(dict(train), per_epoch=per_epoch, count=len(course.steps))
    found = [
        Difference(f"step {number + 1}, learning rate", abs(step.rate - rate), _RATE * rate)
        for number, (step, rate) in enumerate(zip(course.steps, rates, strict=True))
        if abs(step.rate - rate) > _RATE * rate
    ]
    if found:
        return found[:1]
    exact = _followed(course, train, profile, rates, torch.float64)
    near = _followed(course, train, profile, rates, dtype)
    for number, step in enumerate(course.steps):
        for name, weight in exact[number].items():
            own = step.after[name].double()
            if not torch.isfinite(weight).all() or not torch.isfinite(near[number][name]).all():
                return []
            error = float((own - weight).abs().max())
            rounding = float((near[number][name].double() - weight).abs().max())
            largest = float(weight.abs().max()) + float(step.before[name].abs().max())
            moved = float((weight - step.before[name].double()).abs().max())
            allowed = _FLOOR[dtype] * largest + _FACTOR * rounding + _RATE * moved
            if not error <= allowed:
                return [Difference(f"step {number + 1}, update of {name}", error, allowed)]
    return []


def _followed(
    course: Course, train: Mapping[str, Any], profile: str, rates: list[float], dtype: torch.dtype
) -> list[dict[str, Tensor]]:
    first = course.steps[0]
    names = list(first.gradients)
    weights = [first.before[name].to(dtype).clone().requires_grad_() for name in names]
    standard = torch.get_default_dtype()
    torch.set_default_dtype(dtype)  # of the numbers that torch.optim keeps beside its slots
    try:
        return _updated(optimizer_of(dict(train), profile, weights), weights, names, course, rates)
    finally:
        torch.set_default_dtype(standard)


def _updated(
    optimizer: Any, weights: list[Tensor], names: list[str], course: Course, rates: list[float]
) -> list[dict[str, Tensor]]:
    found = []
    for step, rate in zip(course.steps, rates, strict=True):
        for weight, name in zip(weights, names, strict=True):
            weight.grad = step.gradients[name].to(weight.dtype).clone()
        optimizer.param_groups[0]["lr"] = rate
        optimizer.step()
        found.append({n: w.detach().clone() for n, w in zip(names, weights, strict=True)})
    return found
