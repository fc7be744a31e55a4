"""A rough forecast of what a study will cost, from its shapes alone.

The three constants below were fitted to measured trials on one 2-core machine; another machine may
be a few times faster or slower, and the sentence that is printed says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Estimate", "TrialCost", "estimate_study", "trial_cost"]

SECONDS_PER_MULTIPLY_ADD = 6.0e-11
"""Forward and backward pass, one thread."""
SECONDS_PER_ACTIVATION = 1.1e-9
"""Forward and backward pass of what surrounds the products, one thread."""
SECONDS_PER_STEP = 4.0e-4
START_UP_SECONDS = 6.0
FLOAT_BYTES = 4
WORKER_BYTES = 350_000_000
"""A worker with torch loaded and nothing in it."""


@dataclass(frozen=True)
class TrialCost:
    """One trial of one variant: seconds on one core, bytes in one worker."""

    seconds: float
    memory_bytes: int


@dataclass(frozen=True)
class Estimate:
    """A whole study."""

    seconds: float
    memory_bytes: int
    jobs: int

    def sentence(self) -> str:
        """Say it in one line.

        Example:
            >>> Estimate(seconds=100.0, memory_bytes=3 * 10**9, jobs=2).sentence()
            'about 1.7 minutes and 3.0 GB with 2 workers (a rough forecast, not calibrated here)'
        """
        workers = "1 worker" if self.jobs == 1 else f"{self.jobs} workers"
        return (
            f"about {duration(self.seconds)} and {self.memory_bytes / 1e9:.1f} GB with {workers} "
            "(a rough forecast, not calibrated here)"
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


def trial_cost(
    *,
    multiply_adds: int,
    activations: int,
    parameters: int,
    num_examples: int,
    train: Mapping[str, Any],
) -> TrialCost:
    """Forecast one trial.

    Args:
        multiply_adds: of one forward pass of one example.
        activations: numbers that all layers give out for one example.
        parameters: of the network.
        num_examples: training examples.
        train: resolved training settings (``epochs``, ``batch_size``).
    """
    batch = int(train["batch_size"])
    epochs = int(train["epochs"])
    samples = num_examples * epochs
    per_sample = multiply_adds * SECONDS_PER_MULTIPLY_ADD + activations * SECONDS_PER_ACTIVATION
    steps = math.ceil(num_examples / batch) * epochs
    numbers = 4 * parameters + 3 * batch * activations
    return TrialCost(samples * per_sample + steps * SECONDS_PER_STEP, numbers * FLOAT_BYTES)


def estimate_study(
    costs: Mapping[str, TrialCost], *, num_seeds: int, jobs: int, data_bytes: int
) -> Estimate:
    """Add up all trials of a study.

    Args:
        costs: variant name -> one trial.
        num_seeds: trials per variant.
        jobs: worker processes.
        data_bytes: the largest data set as float32, which every worker holds.
    """
    jobs = max(1, min(jobs, len(costs) * num_seeds))
    seconds = START_UP_SECONDS + sum(cost.seconds for cost in costs.values()) * num_seeds / jobs
    largest = max((cost.memory_bytes for cost in costs.values()), default=0)
    return Estimate(seconds, jobs * (WORKER_BYTES + data_bytes + largest), jobs)
