"""Values that cross the borders between packages: read-only, free of torch, no behaviour.

Settings travel as plain JSON-able mappings, so that a trial can be hashed, stored and sent to
another process; the package that understands a mapping parses it with its own specification
(`paribus.data.spec.DataSpec`, `paribus.nn.spec.ModelSpec`, `paribus.nn.training.TrainSpec`).
Arrays are NumPy's. Images are ``(example, height, width, channel)``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from paribus.observed import Observed

__all__ = [
    "Attributions",
    "Claim",
    "DataDescription",
    "DataFacts",
    "EpochRecord",
    "FitOn",
    "LayerOutput",
    "Look",
    "Parts",
    "Plan",
    "Predictions",
    "Scope",
    "SelectRule",
    "Settings",
    "Shape",
    "Speed",
    "StoredTrial",
    "Trial",
    "TrialOutcome",
    "TrialStatus",
    "Variant",
]

Shape = tuple[int, ...]
"""Shape without the example axis, channels last: ``(height, width, channel)`` or ``(unit,)``."""

Settings = Mapping[str, Any]
"""A plain, JSON-able mapping with every default resolved."""

FitOn = Literal["train", "train+validation"]
Scope = Literal["this-split", "data-source"]
"""What a claim is about: these very images, or the source of which they are a sample."""
Estimand = Literal["learned", "mean", "wins", "collapse"]
"""What a claim compares over seeds: the mean difference in the seeds where all its networks learn, the
mean difference in all seeds, in how many seeds one side is ahead, or how often networks collapse."""
TrialStatus = Literal["pending", "running", "done", "failed"]


@dataclass(frozen=True)
class Variant:
    """One combination of levels, fully resolved."""

    name: str
    levels: Mapping[str, str]
    data: Settings
    model: Settings
    train: Settings
    changes: tuple[str, ...] = ()
    """The diff from the baseline, one readable line each."""
    warnings: tuple[str, ...] = ()
    """Second differences that came along with the declared one."""


@dataclass(frozen=True)
class Claim:
    """A statement declared before running, about a contrast of variants on ``metric``.

    ``difference``: ``left`` against ``right``. ``threshold``: ``left`` against the number
    ``threshold``. ``interaction``: left - right depends on the factor ``other``. ``trend``: the
    metric rises (``>``) or falls (``<``) with the levels of ``factor``.

    ``factor`` is the factor whose levels are named, or "" when whole variants are. ``within`` fixes
    levels of other factors; an unmentioned factor is averaged over.
    """

    id: str
    says: str
    factor: str
    left: str
    operator: Literal[">", "<", "=", "depends"]
    right: str
    metric: str
    within: Mapping[str, str] = field(default_factory=dict)
    margin: float = 0.0
    """Smallest difference that matters, in the metric's unit (fractions for accuracy)."""
    published: str | None = None
    kind: Literal["difference", "threshold", "interaction", "trend"] = "difference"
    threshold: float = 0.0
    other: str = ""
    levels: tuple[str, ...] = ()
    """Of a trend: the factor's levels, the lowest first."""
    scope: Scope = "this-split"
    of: Estimand = "learned"


@dataclass(frozen=True)
class SelectRule:
    """How a variant is chosen, and what happens to it afterwards."""

    by: str = "val_accuracy"
    refit: Literal["none", "train+validation"] = "none"
    test: Literal["once", "all", "never"] = "once"


@dataclass(frozen=True)
class Plan:
    """A study, expanded: what `run` would do."""

    study: str
    question: str
    baseline: str
    factors: Mapping[str, tuple[str, ...]]
    variants: tuple[Variant, ...]
    seeds: tuple[int, ...]
    claims: tuple[Claim, ...]
    select: SelectRule
    looks: tuple[int, ...] = ()
    """Numbers of seeds at which claims are judged; a variant stops when no open claim needs it."""
    teaching: bool = False
    """Makes mistakes on purpose, to show what they do."""
    published: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Metric -> variant -> a value that somebody else has published."""

    @property
    def reference(self) -> str:
        """What is shown where no variant is asked for: the baseline, or the first if the run has none."""
        names = [variant.name for variant in self.variants]
        return self.baseline if self.baseline in names else names[0]


@dataclass(frozen=True)
class Trial:
    """Variant x seed, the unit of work. ``identity`` is 64 hexadecimal digits."""

    identity: str
    variant: Variant
    seed: int
    fit_on: FitOn = "train"


class Parts(NamedTuple):
    """Examples in the official parts of a source, in the order in which they lie in it."""

    train: int
    validation: int = 0
    test: int = 0


@dataclass(frozen=True)
class DataDescription:
    """What can be said of a data set before training."""

    input_shape: Shape
    """After preprocessing."""
    class_names: tuple[str, ...]
    num_examples: Mapping[str, int]
    """Examples per split: train, validation, test."""
    parts: Parts = field(default_factory=lambda: Parts(0))
    """Examples in the official parts of the source; none where an earlier version wrote this down."""
    source_shape: Shape = ()
    """Before preprocessing; empty where an earlier version wrote this down."""


@dataclass(frozen=True)
class DataFacts:
    """What can be said of the images and labels of a split by looking at them."""

    class_counts: Mapping[str, tuple[int, ...]]
    """Split -> examples per class."""
    repeated: int
    """Training images that equal another training image, pixel by pixel."""
    shared: Mapping[str, int]
    """"train, validation" ... -> images of the second split that also occur in the first."""
    contradictory: int
    """Images that occur with two different labels."""
    examples: tuple[int, ...] = ()
    """Ids of a few shared images."""
    pairs: tuple[tuple[str, str], ...] = ()
    """The same images, each with one that it equals in the earlier split: files, or ids."""
    clashes: tuple[tuple[str, str], ...] = ()
    """A few equal images with different labels: files, or ids."""
    trivial: Mapping[str, float] = field(default_factory=dict)
    """What tells classes apart without shapes ("one pixel", "mean colour") -> accuracy."""


@dataclass(frozen=True)
class EpochRecord:
    """What one epoch of one trial measured. Metrics: loss, accuracy, objective, val_loss, val_accuracy."""

    epoch: int
    """1 for the first."""
    metrics: Mapping[str, float]
    wall_seconds: float
    samples_per_second: float
    learning_rate: float


@dataclass(frozen=True)
class Predictions:
    """Class probabilities of every example of one split, in the order of ``ids``."""

    split: Literal["validation", "test"]
    ids: npt.NDArray[np.int64]
    """``(example,)`` index into the source's images (official train part, then test part)."""
    labels: npt.NDArray[np.int64]
    """``(example,)``"""
    probabilities: npt.NDArray[np.float32]
    """``(example, class)``"""
    log_probabilities: npt.NDArray[np.float32] | None = None
    """Their natural logarithms, from raw outputs; None in files written before they were kept.

    A probability below 1e-45 is zero in float32, its logarithm is not: log-losses start here.
    """


@dataclass(frozen=True)
class TrialOutcome:
    """How a trial ended. A failed trial is data: status, reason, first non-finite tensor."""

    status: Literal["done", "failed"]
    epochs: int
    wall_seconds: float
    metrics: Mapping[str, float] = field(default_factory=dict)
    """Final loss, accuracy, objective (all training examples, evaluation mode), val_loss, val_accuracy."""
    reason: str | None = None
    first_nonfinite: str | None = None
    observed: Observed = field(default_factory=Observed)
    """Read off the built objects: optimizer class and constants, parameter count, steps ..."""
    weights: Mapping[str, npt.NDArray[np.float32]] = field(default_factory=dict)
    predictions: tuple[Predictions, ...] = ()


@dataclass(frozen=True)
class Speed:
    """What training and scoring cost in one worker."""

    train_seconds: float
    """Per training example."""
    evaluation_seconds: float
    """Per scored example."""
    memory_bytes: int
    """Private memory of the worker meanwhile."""
    start_seconds: float = 0.0
    """What the first epoch of a trial costs on top, while memory is touched for the first time."""
    emulated: bool = False
    """bf16 on a processor without instructions for it: several times slower than fp32."""


@dataclass(frozen=True)
class StoredTrial:
    """A trial as the store knows it."""

    identity: str
    variant: str
    levels: Mapping[str, str]
    seed: int
    fit_on: FitOn
    status: TrialStatus
    attempts: int
    epochs: int
    wall_seconds: float
    metrics: Mapping[str, float]
    curves: tuple[EpochRecord, ...] = ()
    reason: str | None = None
    first_nonfinite: str | None = None
    observed: Observed = field(default_factory=Observed)
    environment: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Look:
    """One reading of the sealed test set."""

    identity: str
    variant: str
    seed: int
    purpose: str
    at: str
    """UTC, ISO 8601."""


@dataclass(frozen=True)
class LayerOutput:
    """What one layer puts out for one image, in evaluation mode."""

    name: str
    type: str
    """Of the layer, for example ``Conv2D``."""
    values: npt.NDArray[np.float32]
    """``(height, width, channel)`` or ``(unit,)``"""


@dataclass(frozen=True)
class Attributions:
    """Where in some images a network finds what speaks for a class."""

    method: Literal["Grad-CAM", "integrated gradients"]
    layer: str
    """Whose maps Grad-CAM weights; empty for integrated gradients."""
    probabilities: npt.NDArray[np.float32]
    """``(example, class)``"""
    of_guess: npt.NDArray[np.float32]
    """``(example, height, width)``: for the most probable class."""
    of_truth: npt.NDArray[np.float32]
    """For the true class; the same where the guess is right, or no truth is known."""
