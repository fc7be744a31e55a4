"""Deliberate preprocessing mistakes, only for studies with ``teaching: true``. Never a default.

- ``own_statistics``: validation and test set are preprocessed with statistics of their own.
- ``untreated_test``: test images are not preprocessed, but training images are.
- ``unguarded_deviation``: constant pixels are divided by their standard deviation, zero.

They let students see how each mistake changes the results, and which check reports it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from paribus.data.prepare import FittedPreprocessing

__all__ = ["DataMistake", "treating", "without_guard"]

DataMistake = Literal["own_statistics", "untreated_test", "unguarded_deviation"]
Arrays = dict[str, npt.NDArray[np.float32]]


def without_guard(learned: Arrays) -> Arrays:
    """Return statistics whose divisor is 0 instead of 1 for pixels that are constant in training."""
    if "constant" not in learned:
        return learned
    divisor = np.where(learned["constant"] > 0, np.float32(0), learned["divisor"])
    return {**learned, "divisor": np.asarray(divisor, np.float32)}


def treating(
    mistakes: Sequence[DataMistake],
    part: Literal["validation", "test"],
    fitted: FittedPreprocessing,
    refit: Callable[[], FittedPreprocessing],
) -> FittedPreprocessing:
    """Return the preprocessing of a held-out split.

    Args:
        mistakes: deliberate mistakes; empty in an ordinary study.
        part: name of the split.
        fitted: preprocessing fitted on training images.
        refit: function that fits preprocessing on the images of this split.
    """
    if part == "test" and "untreated_test" in mistakes:
        return replace(fitted, steps=(), learned=())
    return refit() if "own_statistics" in mistakes else fitted
