"""Mistakes of preprocessing, made on purpose by studies that say ``teaching: true``. Never a default.

- ``own_statistics``: every part (train, validation, test) is preprocessed by statistics of its own.
- ``untreated_test``: the test images stay as they are while training images are preprocessed.
- ``unguarded_deviation``: pixels that never change are divided by their deviation, zero.

They exist so that a class can see what each does to a number, and which check names it.
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
    """Take back that a constant pixel is divided by 1."""
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
    """Return the preprocessing that a held-out part gets.

    Args:
        mistakes: made on purpose; none in an honest study.
        part: of the data.
        fitted: on the training images.
        refit: fits on the images of the part itself.
    """
    if part == "test" and "untreated_test" in mistakes:
        return replace(fitted, steps=(), learned=())
    return refit() if "own_statistics" in mistakes else fitted
