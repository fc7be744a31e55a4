"""Augmentations that a study file can name, and their keyed random draws.

Free of torch. To add one: write its class here, list it in `AUGMENTATIONS`, draw for it in
`draw_moves` and apply it in `paribus.engine.augment`. Whatever the order in the file, images are
flipped first, then shifted, then cut.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from paribus.keyed import generator
from paribus.records import Shape

__all__ = ["AUGMENTATIONS", "Augmentation", "Crop", "Cutout", "Flip", "Moves", "draw_moves"]

Pixels = Annotated[int, Field(gt=0, le=4096)]


class Augmentation(BaseModel):
    """Base class of the augmentations."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    def misfit(self, shape: Shape) -> str | None:  # noqa: ARG002
        """Return the rule that images of a shape break, or None."""
        return None


class Flip(Augmentation):
    """Mirror left and right: half of the images, drawn anew every epoch.

    ``alternating`` draws once, and from then on shows every image and its mirror image in turn.
    Source: Jordan 2024 (alternating flip).
    """

    mode: Literal["random", "alternating"] = "random"


class Crop(Augmentation):
    """Shift by up to ``pixels`` in both directions; what comes in is zero, or the reflected edge."""

    pixels: Pixels
    fill: Literal["zero", "reflect"] = "zero"

    def misfit(self, shape: Shape) -> str | None:
        """Return a rule unless ``pixels`` is below both sides of the image."""
        side = min(shape[:2])
        if self.pixels < side:
            return None
        return f"pixels must be below the image's smaller side, {side}"


class Cutout(Augmentation):
    """Set a square of ``size`` pixels at a random place to zero. Source: DeVries & Taylor 2017."""

    size: Pixels

    def misfit(self, shape: Shape) -> str | None:
        """Return a rule if the square is larger than the image; else None."""
        side = min(shape[:2])
        return None if self.size <= side else f"size must be at most the image's side, {side}"


AUGMENTATIONS: dict[str, type[Augmentation]] = {"flip": Flip, "crop": Crop, "cutout": Cutout}


@dataclass(frozen=True)
class Moves:
    """Random draws for all training images in one epoch; None for augmentations that are not used."""

    flip: npt.NDArray[np.bool_] | None = None
    """``(example,)``"""
    shift: npt.NDArray[np.int64] | None = None
    """``(example, 2)``: rows and columns, each in -pixels ... pixels."""
    hole: npt.NDArray[np.int64] | None = None
    """``(example, 2)``: top row and left column."""


def draw_moves(
    steps: Iterable[Augmentation], *, seed: int, epoch: int, num_examples: int, shape: Shape
) -> Moves:
    """Draw the augmentations of all training images, keyed by (seed, kind, epoch).

    Args:
        steps: augmentations, at most one of each kind.
        seed: seed of the trial.
        epoch: number of the epoch, from 1.
        num_examples: number of training images.
        shape: ``(height, width, channel)``.
    """
    flip = shift = hole = None
    for step in steps:
        match step:
            case Flip(mode="alternating"):
                start = generator(seed, "augmentation", "flip").random(num_examples) < 0.5
                flip = start ^ (epoch % 2 == 0)
            case Flip():
                flip = generator(seed, "augmentation", "flip", epoch).random(num_examples) < 0.5
            case Crop(pixels=pixels):
                draws = generator(seed, "augmentation", "crop", epoch)
                shift = draws.integers(-pixels, pixels + 1, (num_examples, 2))
            case Cutout(size=size):
                draws = generator(seed, "augmentation", "cutout", epoch)
                last = np.array(shape[:2]) - size
                hole = draws.integers(0, last + 1, (num_examples, 2))
    return Moves(flip, shift, hole)
