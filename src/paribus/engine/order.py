"""Which examples make up the batches of an epoch, and how many steps that is."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from paribus.keyed import generator
from paribus.nn.training import TrainSpec

__all__ = ["batch_order", "examples_per_epoch", "steps_per_epoch"]


def steps_per_epoch(train: TrainSpec, num_examples: int) -> int:
    """Return the number of optimizer steps of one epoch."""
    if train.steps_per_epoch is not None:
        return train.steps_per_epoch
    full = num_examples // train.batch_size
    return full if train.last_batch == "drop" else math.ceil(num_examples / train.batch_size)


def examples_per_epoch(train: TrainSpec, num_examples: int) -> int:
    """Return how many examples an epoch trains on, counted as often as they come."""
    if train.steps_per_epoch is None and train.last_batch == "keep":
        return num_examples
    return steps_per_epoch(train, num_examples) * train.batch_size


def batch_order(
    train: TrainSpec, seed: int, epoch: int, num_examples: int
) -> npt.NDArray[np.int64]:
    """Draw the order of an epoch: every example once, or as many as a fixed number of steps needs.

    With ``steps_per_epoch`` an epoch is a part of a pass over the examples, or several passes, each in
    an order of its own.

    Args:
        train: batch size and steps.
        seed: the trial's.
        epoch: 1 for the first.
        num_examples: there are.

    Returns:
        Positions; batches are consecutive pieces.
    """
    first = generator(seed, "batch order", epoch).permutation(num_examples)
    needed = examples_per_epoch(train, num_examples)
    more = [
        generator(seed, "batch order", epoch, number).permutation(num_examples)
        for number in range(1, math.ceil(needed / num_examples))
    ]
    return np.concatenate([first, *more])[:needed] if more else first[:needed]
