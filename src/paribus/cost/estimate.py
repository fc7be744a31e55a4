"""What a study will cost: from its shapes alone, or from a short measurement on this machine."""

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
"""Forward and backward pass, one thread."""
SECONDS_PER_ACTIVATION = 3.5e-10
"""Forward and backward pass of what surrounds the products, one thread."""
SECONDS_PER_STEP = 1.5e-4
START_SECONDS = 1.6
"""Until a worker can train."""
AROUND_SECONDS = 1.7
"""Reading the data before, judging and drawing after."""
SECONDS_PER_TRIAL = 0.02
SECONDS_PER_EPOCH = 0.005
"""A checkpoint and a transaction."""
FLOAT_BYTES = 4
WORKER_BYTES = 350_000_000
"""A worker with torch loaded and nothing in it."""
PARENT_BYTES = 250_000_000


@dataclass(frozen=True)
class Amount:
    """Examples of a variant."""

    train: int
    validation: int


@dataclass(frozen=True)
class TrialCost:
    """One trial of one variant: seconds on one core, bytes in one worker."""

    seconds: float
    memory_bytes: int
    emulated: bool = False
    """bf16 on a processor without instructions for it."""


@dataclass(frozen=True)
class Estimate:
    """A whole study."""

    seconds: float
    memory_bytes: int
    jobs: int
    measured: bool = False
    """Whether it rests on a measurement, or on shapes alone."""
    emulated: bool = False
    """Whether some variant's bf16 is emulated by this processor."""

    def sentence(self) -> str:
        """Say it in one line.

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
    """Guess what one training example costs, from shapes.

    Args:
        multiply_adds: of one forward pass of one example.
        activations: numbers that all layers give out for one example.
        batch_size: shares the cost of a step.
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
        multiply_adds: of one forward pass of one example.
        activations: numbers that all layers give out for one example.
        parameters: of the network.
        amount: examples.
        train: resolved training settings (``epochs``, ``batch_size``).
    """
    batch = min(int(train["batch_size"]), max(1, amount.train))
    each = example_seconds(multiply_adds=multiply_adds, activations=activations, batch_size=batch)
    numbers = 4 * parameters + 3 * batch * activations
    memory = WORKER_BYTES + numbers * FLOAT_BYTES
    return measured_cost(Speed(each, each / 3, memory), amount, train)


def measured_cost(speed: Speed, amount: Amount, train: Mapping[str, Any]) -> TrialCost:
    """Forecast one trial from what an example costs; early stopping is not foreseen.

    Args:
        speed: of the variant.
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
        costs: variant name -> one trial.
        num_seeds: trials per variant.
        jobs: worker processes.
        data_bytes: the data sets as bytes, which workers share.
        refitted: seconds per seed of training the selected variant again; which one is not known.
        start_seconds: until a worker can train, where that was measured.
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
    """Return when the last worker ends."""
    ends = [0.0] * jobs
    for seconds in sorted(trials, reverse=True):
        heapq.heappush(ends, heapq.heappop(ends) + seconds)
    return max(ends)
