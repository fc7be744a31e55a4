"""Records of what a trial did, read from the objects that ran instead of the settings.

The engine writes these records, the checks compare them with what was declared. None, or an empty
mapping, means that something was not observed: the trial ended before, or an earlier version, or
somebody else, trained it. `paribus.store.observed_json` turns them into the text of a column and back;
the fields stand here in the order of that text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

__all__ = [
    "Contradiction",
    "Counterfactual",
    "Gradient",
    "Moments",
    "Observed",
    "Part",
    "Probe",
    "ProbedLayer",
    "RanOptimizer",
]

Part = Literal["train", "validation", "test"]


@dataclass(frozen=True)
class RanOptimizer:
    """The optimizer object that updated the weights."""

    name: str
    """Class of the object, for example ``Adam``."""
    formulas: str = ""
    """``keras`` or ``torch``, whose variant of the formula was applied; "" if it was not recorded."""
    constants: Mapping[str, bool | int | float] = field(default_factory=dict)
    """Constant -> the value that the object used, for example ``learning_rate`` -> 0.01."""


@dataclass(frozen=True)
class Moments:
    """Mean and spread of the pixels of some preprocessed images."""

    mean: float
    """Mean of all finite values; 0 if there are none."""
    std: float
    """Standard deviation of all finite values; 0 if there are none."""
    finite: float
    """Fraction of the values that are neither infinite nor NaN."""
    treatment: str
    """Digest of the preprocessing with its fitted constants, in hexadecimal digits."""


@dataclass(frozen=True)
class ProbedLayer:
    """Output of one layer for the probed images, in evaluation mode."""

    name: str
    rms: float
    """Root mean square of the output."""
    dead: float | None = None
    """Fraction of the units that are 0 for every image; None unless the layer is a relu."""
    units: int | None = None
    """Number of units, or of channels; None unless the layer is a relu."""
    saturated: float | None = None
    """Fraction of the values within 0.01 of a limit; None unless the layer is a sigmoid or tanh."""


@dataclass(frozen=True)
class Gradient:
    """Root mean square of a kernel's gradient, with the initial and with the final weights."""

    start: float
    end: float


@dataclass(frozen=True)
class Probe:
    """What a trained network did with some training images (`paribus.engine.inspection.probe`)."""

    examples: int
    """Number of probed images."""
    input_rms: float
    """Root mean square of their preprocessed pixels."""
    layers: tuple[ProbedLayer, ...]
    """From the input to the output; an activation within a layer follows it, under the same name."""
    gradients: Mapping[str, Gradient]
    """Kernel, for example ``conv/kernel`` -> size of its gradient; from the input to the output."""
    twice: float
    """Largest change of a probability when the same images are scored a second time."""
    alone: float
    """Largest change of a probability when images are scored one by one."""


class Contradiction(NamedTuple):
    """A validation image whose label the network contradicts, because it is sure of another class."""

    id: int
    """Index of the image in its source."""
    label: int
    guess: int
    """The most probable class."""


@dataclass(frozen=True)
class Counterfactual:
    """A failed trial, run again under one changed condition."""

    change: str
    """What was changed, for example ``batch_size 16``; ``nothing`` for the trial as it is."""
    fails: bool
    """Whether its loss was not finite again."""


@dataclass(frozen=True)
class Observed:
    """What one trial did. See the module for what None and empty mappings mean."""

    optimizer: RanOptimizer | None = None
    """The optimizer that ran; None if there was no such object."""
    optimizer_steps: int | None = None
    """Number of updates of the weights, in all epochs together; None where not observed."""
    parameters: int | None = None
    """Number of trained numbers in the network; None where not observed."""
    train_examples: int | None = None
    """Number of training images; None where not observed."""
    examples_per_epoch: int | None = None
    """Number of training images seen in an epoch: fewer than all if an incomplete batch is left out;
    None where not observed."""
    validation_examples: int | None = None
    """Number of validation images, 0 without a validation set; None where not observed."""
    evaluated_examples: int | None = None
    """Number of images scored in evaluation mode, in all epochs together; None where not observed."""
    kept_epoch: int | None = None
    """Number of the epoch whose weights were kept, from 1; 0 if the first failed; None where not observed."""
    precision: Literal["fp64", "fp32", "bf16"] | None = None
    """Number format of the products; None where not observed."""
    first_loss: float | None = None
    """Loss of the first batch, before any update; None for a trial that went on from a checkpoint."""
    failed_after: int | None = None
    """Number of optimizer steps up to the loss that was not finite, that one included; 0 if the backend
    does not tell; None unless the trial failed."""
    inputs: Mapping[Part, Moments] = field(default_factory=dict)
    """Split -> moments of what the network saw; ``test`` only after a look at the test set."""
    class_counts: Mapping[Part, tuple[int, ...]] = field(default_factory=dict)
    """Split -> number of images of each class."""
    probe: Probe | None = None
    """None unless the trial is done."""
    contradicted: tuple[Contradiction, ...] | None = None
    """Sorted by decreasing confidence; None unless the trial is done and has validation images."""
    contradicted_files: Mapping[int, str] | None = None
    """Id of a contradicted image -> its file; None if images are not files."""
    counterfactuals: tuple[Counterfactual, ...] | None = None
    """The trial as it is comes first; empty if it failed too late to be run again; None unless it failed."""
    preprocessing_notes: tuple[str, ...] | None = None
    """Remarks about fitted statistics, one sentence each; None where not observed."""
