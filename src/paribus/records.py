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
"""Population of a claim: this split's images, or the source from which they are sampled."""
Estimand = Literal["learned", "mean", "wins", "collapse"]
"""What a claim compares over seeds: the mean difference in the seeds where all its networks learn, the
mean difference in all seeds, in how many seeds one side is ahead, or how often networks collapse."""
TrialStatus = Literal["pending", "running", "done", "failed"]


@dataclass(frozen=True)
class Variant:
    """One combination of factor levels, with every setting resolved."""

    name: str
    levels: Mapping[str, str]
    data: Settings
    model: Settings
    train: Settings
    changes: tuple[str, ...] = ()
    """Differences from the baseline, one readable line each."""
    warnings: tuple[str, ...] = ()
    """Differences that the edits caused beside the declared one, for example a changed input shape."""


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
    """The factor's levels, the lowest first; empty unless ``kind`` is ``trend``."""
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
    """An expanded study: everything that `run` would train and judge."""

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
    """Whether the study may contain deliberate mistakes, for teaching."""
    published: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Metric -> variant -> a value that somebody else has published."""

    @property
    def reference(self) -> str:
        """The variant that is shown by default: the baseline, or the first one in a run without it."""
        names = [variant.name for variant in self.variants]
        return self.baseline if self.baseline in names else names[0]


@dataclass(frozen=True)
class Trial:
    """One variant trained with one seed, the unit of work. ``identity`` is 64 hexadecimal digits."""

    identity: str
    variant: Variant
    seed: int
    fit_on: FitOn = "train"


class Parts(NamedTuple):
    """Numbers of examples in the official parts of a source, which follow each other in this order."""

    train: int
    validation: int = 0
    test: int = 0


@dataclass(frozen=True)
class DataDescription:
    """Shapes, classes and sizes of a data set, known before training."""

    input_shape: Shape
    """Shape of an image after preprocessing."""
    class_names: tuple[str, ...]
    num_examples: Mapping[str, int]
    """Examples per split: train, validation, test."""
    parts: Parts = field(default_factory=lambda: Parts(0))
    """Examples in the official parts of the source; zeros in descriptions stored by earlier versions."""
    source_shape: Shape = ()
    """Shape of an image before preprocessing; empty in descriptions stored by earlier versions."""


@dataclass(frozen=True)
class DataFacts:
    """Facts found by comparing the images and labels of a split."""

    class_counts: Mapping[str, tuple[int, ...]]
    """Split -> examples per class."""
    repeated: int
    """Number of training images that equal another training image, pixel by pixel."""
    shared: Mapping[str, int]
    """Pair of splits, such as "train, validation" -> number of images of the second that occur in the first."""
    contradictory: int
    """Number of images that occur with two different labels."""
    examples: tuple[int, ...] = ()
    """Ids of a few images that two splits share."""
    pairs: tuple[tuple[str, str], ...] = ()
    """Each image of ``examples`` with an equal one of the earlier split, as files or ids."""
    clashes: tuple[tuple[str, str], ...] = ()
    """A few pairs of equal images with different labels, as files or ids."""
    trivial: Mapping[str, float] = field(default_factory=dict)
    """Feature, "one pixel" or "mean colour" -> validation accuracy of a nearest-class-mean classifier
    that sees nothing else."""


@dataclass(frozen=True)
class EpochRecord:
    """Measurements of one epoch of one trial. Metrics: loss, accuracy, objective, val_loss, val_accuracy."""

    epoch: int
    """Number of the epoch, from 1."""
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
    """Natural logarithms of the probabilities, from raw outputs; None in files of earlier versions.

    A probability below 1e-45 is zero in float32 but has a finite logarithm, so log-losses use these.
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
    """Time and memory that training and scoring take in one worker."""

    train_seconds: float
    """Seconds per training example."""
    evaluation_seconds: float
    """Seconds per scored example."""
    memory_bytes: int
    """Private memory of the worker while it trains."""
    start_seconds: float = 0.0
    """Additional seconds of a trial's first epoch, in which memory is touched for the first time."""
    emulated: bool = False
    """Whether bf16 was emulated, since the processor lacks its instructions; it is then slower than fp32."""


@dataclass(frozen=True)
class StoredTrial:
    """A trial in the store, finished or not."""

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
    """Time of the reading: UTC, ISO 8601."""


@dataclass(frozen=True)
class LayerOutput:
    """Output of one layer for one image, in evaluation mode."""

    name: str
    type: str
    """Class of the layer, for example ``Conv2D``."""
    values: npt.NDArray[np.float32]
    """``(height, width, channel)`` or ``(unit,)``"""


@dataclass(frozen=True)
class Attributions:
    """Attribution maps of some images: contribution of each pixel to a class."""

    method: Literal["Grad-CAM", "integrated gradients"]
    layer: str
    """Name of the layer whose maps Grad-CAM weights; empty for integrated gradients."""
    probabilities: npt.NDArray[np.float32]
    """``(example, class)``"""
    of_guess: npt.NDArray[np.float32]
    """``(example, height, width)``, attributions for the most probable class."""
    of_truth: npt.NDArray[np.float32]
    """Attributions for the true class; equal to ``of_guess`` where the guess is right or no label is known."""
