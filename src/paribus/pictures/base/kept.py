"""What a run has kept to make pictures from: images, predictions, weights, and looks into its network.

Pictures know it by this protocol alone; who implements it reads the files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from paribus.execute.artifacts import Split
from paribus.execute.insight_file import Insight
from paribus.records import Plan, Predictions, StoredTrial

__all__ = ["Gallery", "Kept"]

Drawn = TypeVar("Drawn")
Ids = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Gallery:
    """Images by their index in the source, and which of them belong together."""

    images: npt.NDArray[np.uint8]
    """``(picture, height, width, channel)``"""
    ids: Ids
    labels: Ids
    maximum: int
    groups: Mapping[str, Ids]
    """``samples`` (of every class), the first of ``train``, ``validation`` and ``test`` (only if the test
    set was opened), ``mistakes`` and ``disagreements``: ids."""
    files: tuple[str, ...] = ()
    """Path of every image inside the source, where images have files."""

    def place(self, index: int) -> int:
        """Return where an image is."""
        return int(np.flatnonzero(self.ids == index)[0])


class Kept(Protocol):
    """What a run has kept. A method whose file is damaged raises `TrialError`."""

    @property
    def plan(self) -> Plan:
        """Plan that the run has followed."""
        ...

    @property
    def class_names(self) -> tuple[str, ...]:
        """Classes, in the order of the labels."""
        ...

    @property
    def selected(self) -> str | None:
        """The selected variant; None while none is selected."""
        ...

    def variant(self, name: str | None) -> str:
        """Return the name of a variant; the selected one, or the plan's reference, by default.

        Raises:
            StudyError: the run has no such variant.
        """
        ...

    def trial(self) -> StoredTrial | None:
        """Return the selected variant's first finished trial on the training part."""
        ...

    def images(self) -> Gallery | None:
        """Return the images; None if the run has kept none."""
        ...

    def predictions(self, split: Split) -> Predictions | None:
        """Return what the network of `trial` says of a part of the data; None if it was not asked."""
        ...

    def predictions_of_variants(self) -> Sequence[Predictions]:
        """Return what every variant's first network says of the validation images."""
        ...

    def weights(
        self, variant: str, draw: Callable[[Mapping[str, npt.NDArray[np.float32]]], Drawn]
    ) -> Drawn | None:
        """Return what is drawn from the weights of a variant's first network; None if none is trained.

        Args:
            variant: name.
            draw: is given ``"layer/weight"`` -> values; an error of it means that the file is damaged.
        """
        ...

    def insight(self) -> Insight | None:
        """Return images, activations and attributions of the network of `trial`, if they were kept."""
        ...
