"""Data and predictions at the end of a run, from which pictures choose the images to store.

A report is made without the data set, so only stored images can be shown later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from paribus.execute.artifacts import Split
from paribus.records import Predictions

__all__ = ["EndedRun", "Ids"]

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True)
class EndedRun:
    """Data and predictions of a run; ids are indices in the source of the data."""

    parts: Mapping[str, Ids]
    """``train``, ``validation`` and ``test`` -> ids of its images, in the order of the split."""
    labels: Ids
    """Class of every image of the source."""
    num_classes: int
    predictions: Mapping[Split, Predictions]
    """Split -> predictions of the selected variant's first trial; ``test`` only if the test set was opened."""
    of_variants: Sequence[Predictions]
    """Predictions of every variant's first trial for its validation images, if they are stored."""
