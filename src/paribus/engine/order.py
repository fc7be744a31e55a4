"""Order of the training examples in an epoch, and the number of steps and examples per epoch."""

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
    """Return the number of examples in an epoch's batches; repeated examples count repeatedly."""
    if train.steps_per_epoch is None and train.last_batch == "keep":
        return num_examples
    return steps_per_epoch(train, num_examples) * train.batch_size


def batch_order(
    train: TrainSpec, seed: int, epoch: int, num_examples: int
) -> npt.NDArray[np.int64]:
    """Draw the order of the training examples for an epoch.

    By default it contains every example once. With ``steps_per_epoch`` it is as long as these steps
    need: part of a permutation, or several permutations in a row.

    Args:
        train: training settings with batch size and steps.
        seed: seed of the trial.
        epoch: number of the epoch, from 1.
        num_examples: number of training examples.

    Returns:
        Positions of the examples; batches are consecutive slices.
    """
    first = generator(seed, "batch order", epoch).permutation(num_examples)
    needed = examples_per_epoch(train, num_examples)
    more = [
        generator(seed, "batch order", epoch, number).permutation(num_examples)
        for number in range(1, math.ceil(needed / num_examples))
    ]
    return np.concatenate([first, *more])[:needed] if more else first[:needed]
