"""A network, its training and its data at random, as plain settings of a study.

Everything is decided by (seed, index), so that a disagreement is reproduced by two numbers.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from benchmarks.fuzz.drawing.layers import drawn_layers, special_layers
from benchmarks.fuzz.drawing.randomness import Randomness
from benchmarks.fuzz.drawing.training import drawn_training
from paribus.nn.spec import ModelSpec
from paribus.nn.summary import model_summary
from paribus.nn.training import TrainSpec

__all__ = ["NUM_STEPS", "Batch", "Case", "drawn_case"]

NUM_STEPS = 10
MOST_PARAMETERS = 20_000
MOST_OUTPUTS = 60_000
"""Of all layers together, for one image."""
_SIDES = (3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 16)

T = TypeVar("T")
Settings = dict[str, Any]


@dataclass(frozen=True)
class Batch:
    """Images ``(n, height, width, channel)`` and labels of one step, and the epoch it belongs to."""

    images: np.ndarray
    labels: np.ndarray
    epoch: int


@dataclass(frozen=True)
class Case:
    """A network with its training: settings as a study file has them."""

    seed: int
    index: int
    shape: tuple[int, int, int]
    classes: int
    model: Settings
    train: Settings
    examples: int
    """So many make an epoch; its last batch may be smaller than the others."""
    members: int
    way: str
    """How the stacked form convolves."""

    @property
    def label(self) -> str:
        """What ``--only`` takes."""
        return f"{self.seed}:{self.index}"

    def settings(self) -> Settings:
        """Return everything as plain settings, for people."""
        return {
            "images": list(self.shape),
            "classes": self.classes,
            "examples": self.examples,
            "members": self.members,
            "way": self.way,
            "model": self.model,
            "train": self.train,
        }

    def resolved(self) -> tuple[ModelSpec, TrainSpec]:
        """Return the model and the training with every default written out."""
        model = ModelSpec.parse(self.model).resolved()
        return model, TrainSpec.parse(self.train, model.defaults)

    @property
    def steps_per_epoch(self) -> int:
        """Batches of an epoch, the smaller last one included."""
        return math.ceil(self.examples / self.train["batch_size"])

    def batches(self, member: int = 0) -> list[Batch]:
        """Draw the images of ten steps of one member."""
        randomness = Randomness(self.seed, self.index, f"data {member}")
        size = self.train["batch_size"]
        per_epoch = self.steps_per_epoch
        sizes = [min(size, self.examples - size * (step % per_epoch)) for step in range(NUM_STEPS)]
        return [
            Batch(
                _images(randomness, count, self.shape),
                randomness.generator.integers(0, self.classes, count),
                step // per_epoch + 1,
            )
            for step, count in enumerate(sizes)
        ]


def drawn_case(seed: int, index: int) -> Case:
    """Draw a network that the study language allows, small enough to try many of them."""
    for attempt in itertools.count():
        case = _drawn(seed, index, Randomness(seed, index, f"network {attempt}"))
        summary = model_summary(case.resolved()[0], case.shape)
        outputs = sum(math.prod(row.output_shape) for row in summary.layers)
        if summary.parameters <= MOST_PARAMETERS and outputs <= MOST_OUTPUTS:
            return case
    raise AssertionError


def _drawn(seed: int, index: int, randomness: Randomness) -> Case:
    classes = randomness.choice((2, 3, 5, 10))
    special = special_layers(randomness) if randomness.chance(0.25) else None
    if special is None:
        sides = (randomness.choice(_SIDES), randomness.choice(_SIDES))
        shape = (*sides, randomness.choice((1, 1, 2, 3, 3, 4, 5)))
        start: Sequence[Settings] = ()
    else:
        shape, start = special
    layers = drawn_layers(randomness, shape, start, classes)
    profile = randomness.choice(("keras", "torch"))
    train = drawn_training(randomness, profile)
    batch = train["batch_size"]
    rest = randomness.choice((0, 1, 1, 2, randomness.integer(1, batch)))
    examples = batch * randomness.integer(1, 4) + min(rest, batch)
    train["epochs"] = math.ceil(NUM_STEPS / math.ceil(examples / batch))
    return Case(
        seed=seed,
        index=index,
        shape=shape,
        classes=classes,
        model={"defaults": profile, "layers": layers},
        train=train,
        examples=examples,
        members=randomness.choice((1, 2, 2, 3)),
        way=randomness.choice(("by shape", "by shape", "products", "grouped", "each")),
    )


def _images(randomness: Randomness, count: int, shape: tuple[int, int, int]) -> np.ndarray:
    """Mostly noise; sometimes bytes / 255 on an empty ground, as drawings are."""
    generator = randomness.generator
    kind = randomness.choice(("normal", "uniform", "bytes"))
    if kind == "normal":
        return generator.normal(0, 1, (count, *shape)).astype(np.float32)
    values = generator.uniform(0, 1, (count, *shape)).astype(np.float32)
    if kind == "bytes":
        values = np.round(values * 255).astype(np.float32) / np.float32(255)
        values[:, : shape[0] // 3] = 0
    return values
