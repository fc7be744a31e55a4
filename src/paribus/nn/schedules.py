"""Learning-rate schedules as pure functions of the step."""

from __future__ import annotations

import math

from paribus.nn.training import Cosine, OneCycle, Schedule, Step

__all__ = ["learning_rate"]


def learning_rate(
    schedule: Schedule, base: float, *, step: int, num_steps: int, steps_per_epoch: int
) -> float:
    """Return the learning rate of a step.

    Args:
        schedule: the resolved schedule.
        base: the optimizer's learning rate.
        step: number of the step, from 0.
        num_steps: number of steps of the whole training run.
        steps_per_epoch: number of steps of one epoch.

    Example:
        >>> learning_rate(Step(every=2, factor=0.1), 1.0, step=25, num_steps=60, steps_per_epoch=10)
        0.1
    """
    if isinstance(schedule, Step):
        return float(base * schedule.factor ** (step // steps_per_epoch // schedule.every))
    if isinstance(schedule, Cosine):
        low = base * schedule.final
        return _cosine(base, low, step / max(1, num_steps))
    if isinstance(schedule, OneCycle):
        return _one_cycle(schedule, base, step, num_steps)
    return base


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


def _one_cycle(schedule: OneCycle, peak: float, step: int, num_steps: int) -> float:
    start = peak / schedule.start_divisor
    turn = schedule.warmup * num_steps - 1
    last = num_steps - 1
    if step <= turn:
        return _cosine(start, peak, step / turn if turn > 0 else 1.0)
    return _cosine(peak, start / schedule.final_divisor, (step - turn) / max(1e-9, last - turn))
