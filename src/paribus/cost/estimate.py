"""Forecast of a study's time and memory, from shapes alone or from a measurement on this machine."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paribus.records import Speed

__all__ = [
    "Amount",
    "Estimate",
    "TrialCost",
    "estimate_study",
    "example_seconds",
    "measured_cost",
    "trial_cost",
]

# Fitted to measured trials on one 2-core machine; another may be a few times faster or slower.
SECONDS_PER_MULTIPLY_ADD = 3.0e-11
"""Seconds of a multiply-add in forward and backward pass, on one thread."""
SECONDS_PER_ACTIVATION = 3.5e-10
"""Seconds per layer output for all but matrix products, forward and backward pass, on one thread."""
SECONDS_PER_STEP = 1.5e-4
START_SECONDS = 1.6
"""Seconds from starting a worker until it can train."""
AROUND_SECONDS = 1.7
"""Seconds for reading the data before training, and for judging and drawing afterwards."""
SECONDS_PER_TRIAL = 0.02
SECONDS_PER_EPOCH = 0.005
"""Seconds for writing a checkpoint and committing a transaction."""
FLOAT_BYTES = 4
WORKER_BYTES = 350_000_000
"""Memory of a worker that has loaded PyTorch and no data."""
PARENT_BYTES = 250_000_000


@dataclass(frozen=True)
class Amount:
    """Numbers of training and validation examples of a variant."""

    train: int
    validation: int


@dataclass(frozen=True)
class TrialCost:
    """Forecast for one trial of a variant: seconds on one core, bytes in one worker."""

    seconds: float
    memory_bytes: int
    emulated: bool = False
    """Whether bf16 is emulated, since the processor lacks its instructions."""


@dataclass(frozen=True)
class Estimate:
    """Forecast for a whole study: seconds in all, bytes of all processes together."""

    seconds: float
    memory_bytes: int
    jobs: int
    measured: bool = False
    """Whether the forecast uses a measurement on this machine; if not, shapes alone."""
    emulated: bool = False
    """Whether some variant's bf16 is emulated by this processor."""

    def sentence(self) -> str:
        """Return the forecast as one line.

        Example:
            >>> Estimate(seconds=100.0, memory_bytes=3 * 10**9, jobs=2).sentence()
            'about 1.7 minutes and 3.0 GB with 2 workers (a rough forecast from shapes alone)'
        """
        workers = "1 worker" if self.jobs == 1 else f"{self.jobs} workers"
        basis = (
            "from a few steps of every variant on this machine"
            if self.measured
            else "a rough forecast from shapes alone"
        )
        advice = (
            ". This processor has no bf16 instructions and emulates them, which is several times slower "
            "than fp32: try --set train.precision=fp32"
            if self.emulated
            else ""
        )
        return (
            f"about {duration(self.seconds)} and {self.memory_bytes / 1e9:.1f} GB with {workers} "
            f"({basis}){advice}"
        )


def duration(seconds: float) -> str:
    """Format a duration for people.

    Example:
        >>> duration(30), duration(600), duration(10_000)
        ('30 seconds', '10.0 minutes', '2.8 hours')
    """
    if seconds < 90:
        return f"{max(1, round(seconds))} seconds"
    return f"{seconds / 60:.1f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"


def example_seconds(*, multiply_adds: int, activations: int, batch_size: int) -> float:
    """Estimate the seconds per training example from shapes.

    Args:
        multiply_adds: multiplications in the forward pass of one example.
        activations: numbers in the outputs of all layers for one example.
        batch_size: number of examples that share the fixed cost of a step.
    """
    products = multiply_adds * SECONDS_PER_MULTIPLY_ADD
    return products + activations * SECONDS_PER_ACTIVATION + SECONDS_PER_STEP / batch_size


def trial_cost(
    *,
    multiply_adds: int,
    activations: int,
    parameters: int,
    amount: Amount,
    train: Mapping[str, Any],
) -> TrialCost:
    """Forecast one trial from shapes.

    Args:
        multiply_adds: multiplications in the forward pass of one example.
        activations: numbers in the outputs of all layers for one example.
        parameters: number of parameters of the network.
        amount: examples.
        train: resolved training settings (``epochs``, ``batch_size``).
    """
    batch = min(int(train["batch_size"]), max(1, amount.train))
    each = example_seconds(multiply_adds=multiply_adds, activations=activations, batch_size=batch)
    numbers = 4 * parameters + 3 * batch * activations
    memory = WORKER_BYTES + numbers * FLOAT_BYTES
    return measured_cost(Speed(each, each / 3, memory), amount, train)


def measured_cost(speed: Speed, amount: Amount, train: Mapping[str, Any]) -> TrialCost:
    """Forecast one trial from measured seconds per example; early stopping is not foreseen.

    Args:
        speed: measured or estimated speed of the variant.
        amount: examples.
        train: resolved training settings (``epochs``, ``batch_size``, ``steps_per_epoch``).
    """
    epochs = int(train["epochs"])
    scored = amount.validation + min(amount.train, amount.validation)
    steps = train.get("steps_per_epoch")
    trained = amount.train if steps is None else steps * int(train["batch_size"])
    epoch = trained * speed.train_seconds + scored * speed.evaluation_seconds + SECONDS_PER_EPOCH
    final = (amount.train + amount.validation) * speed.evaluation_seconds
    start = speed.start_seconds + SECONDS_PER_TRIAL
    return TrialCost(start + epochs * epoch + final, speed.memory_bytes, speed.emulated)


def estimate_study(
    costs: Mapping[str, TrialCost],
    *,
    num_seeds: int,
    jobs: int,
    data_bytes: int,
    refitted: float = 0.0,
    start_seconds: float | None = None,
) -> Estimate:
    """Add up all trials of a study as workers would take them, the longest first.

    Args:
        costs: variant name -> forecast of one of its trials.
        num_seeds: number of trials per variant.
        jobs: number of worker processes.
        data_bytes: size of all data sets in memory, which workers share.
        refitted: seconds per seed of the refit; an assumption, as the selected variant is not known yet.
        start_seconds: measured seconds until a worker can train; None takes `START_SECONDS`.
    """
    jobs = max(1, min(jobs, len(costs) * num_seeds))
    trials = [cost.seconds for cost in costs.values() for _ in range(num_seeds)]
    starting = START_SECONDS if start_seconds is None else start_seconds
    seconds = AROUND_SECONDS + starting + _makespan(trials, jobs)
    if refitted:
        seconds += _makespan([refitted] * num_seeds, jobs)
    sizes = sorted(
        (cost.memory_bytes for cost in costs.values() for _ in range(num_seeds)), reverse=True
    )
    memory = PARENT_BYTES + data_bytes + sum(sizes[:jobs])
    emulated = any(cost.emulated for cost in costs.values())
    return Estimate(seconds, memory, jobs, measured=start_seconds is not None, emulated=emulated)


def _makespan(trials: Sequence[float], jobs: int) -> float:
    """Return the seconds until the last worker ends, if each takes the longest trial left."""
    ends = [0.0] * jobs
    for seconds in sorted(trials, reverse=True):
        heapq.heappush(ends, heapq.heappop(ends) + seconds)
    return max(ends)
