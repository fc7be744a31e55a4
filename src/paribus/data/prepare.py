"""Preparation of a trial's data: split, training subset, preprocessing fitted on training images only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from paribus.data.dataset import Dataset
from paribus.data.image_arrays import LEVELS, ImageSet, LookUp, value_counts
from paribus.data.mistakes import treating, without_guard
from paribus.data.spec import DataSpec
from paribus.data.splits import Ids, split_ids, subset
from paribus.data.steps import STEPS, Grayscale, Images, Pad, Resize, Step
from paribus.records import FitOn

__all__ = [
    "FittedPreprocessing",
    "PreparedData",
    "TestData",
    "open_test",
    "prepare",
    "some_validation_images",
]


@dataclass(frozen=True)
class FittedPreprocessing:
    """Preprocessing steps with their fitted statistics."""

    steps: tuple[Step, ...]
    learned: tuple[dict[str, npt.NDArray[np.float32]], ...]
    """``(step,)``, name -> fitted array of each step."""
    maximum: int
    """Largest possible pixel value of the raw images."""
    fitted_on: str
    """SHA-256 of the ids of the examples that the steps were fitted on."""

    def apply(self, images: npt.NDArray[np.uint8]) -> Images:
        """Preprocess raw images ``(example, height, width, channel)``; returns float32."""
        return _run(self.steps, self.learned, images, self.maximum)

    def images(self, raw: npt.NDArray[np.uint8], ids: Ids) -> ImageSet:
        """Preprocess some images of a source; without a copy if all steps map values one by one.

        Args:
            raw: ``(example, height, width, channel)``, all images of the source.
            ids: ids of the examples.
        """
        if not all(step.valuewise for step in self.steps):
            return ImageSet(self.apply(raw[ids]))
        return ImageSet(LookUp(raw, ids, _table(self.apply(_levels(raw)))))

    def seen(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Return images with the network's input size and channels, but with raw pixel values.

        Only the steps resize, grayscale and pad are applied, for display.

        Args:
            images: ``(example, height, width, channel)``.
        """
        pairs = [
            (step, learned)
            for step, learned in zip(self.steps, self.learned, strict=True)
            if isinstance(step, Resize | Grayscale | Pad)
        ]
        shaping = replace(
            self, steps=tuple(s for s, _ in pairs), learned=tuple(a for _, a in pairs)
        )
        values = shaping.apply(images).clip(0, self.maximum).round()
        return values.astype(np.uint8)

    def notes(self) -> tuple[str, ...]:
        """Return the remarks of all steps about their fitted statistics."""
        pairs = zip(self.steps, self.learned, strict=True)
        return tuple(note for step, learned in pairs for note in step.notes(learned))

    def to_tensors(self) -> dict[str, npt.NDArray[np.float32]]:
        """Return the fitted arrays, named ``<index of step>.<name>``, for example ``1.mean``."""
        return {
            f"{index}.{name}": np.atleast_1d(array)
            for index, learned in enumerate(self.learned)
            for name, array in learned.items()
        }

    def digest(self) -> str:
        """Return a fingerprint of the steps and fitted statistics, 16 hexadecimal digits."""
        found = hashlib.sha256(self.to_json().encode())
        for name, array in sorted(self.to_tensors().items()):
            found.update(name.encode() + np.ascontiguousarray(array).tobytes())
        return found.hexdigest()[:16]

    def to_json(self) -> str:
        """Return steps, maximum and ``fitted_on`` as JSON; the arrays are in `to_tensors`."""
        names = {item: name for name, item in STEPS.items()}
        steps = [{names[type(step)]: step.model_dump(mode="json")} for step in self.steps]
        return json.dumps({"steps": steps, "maximum": self.maximum, "fitted_on": self.fitted_on})

    @classmethod
    def restored(
        cls, text: str, tensors: Mapping[str, npt.NDArray[np.float32]]
    ) -> FittedPreprocessing:
        """Return the preprocessing that `to_json` and `to_tensors` have written."""
        plain = json.loads(text)
        steps = tuple(
            STEPS[name].model_validate(arguments)
            for item in plain["steps"]
            for name, arguments in item.items()
        )
        learned = tuple(
            {
                name.split(".", 1)[1]: array
                for name, array in tensors.items()
                if name.split(".", 1)[0] == str(index)
            }
            for index in range(len(steps))
        )
        return cls(steps, learned, plain["maximum"], plain["fitted_on"])


@dataclass(frozen=True)
class PreparedData:
    """Preprocessed images and labels of one trial."""

    train_images: ImageSet
    train_labels: Ids
    train_ids: Ids
    validation_images: ImageSet
    validation_labels: Ids
    validation_ids: Ids
    num_sample: int
    """Number of training examples scored after each epoch: the size of the validation set."""
    class_names: tuple[str, ...]
    preprocessing: FittedPreprocessing
    validation_preprocessing: FittedPreprocessing
    """Equal to ``preprocessing``, except in a teaching study with a deliberate mistake."""
    file_names: tuple[str, ...] = ()
    """File name of every example of the source, by id; empty if examples are not files."""


@dataclass(frozen=True)
class TestData:
    """Preprocessed images and labels of the test set, once it is opened."""

    __test__ = False

    images: ImageSet
    labels: Ids
    ids: Ids
    preprocessing: FittedPreprocessing


def prepare(data: Dataset, spec: DataSpec, *, seed: int, fit_on: FitOn = "train") -> PreparedData:
    """Split, draw the training subset, fit preprocessing on it, and preprocess both splits with it.

    Args:
        data: the data set.
        spec: data settings with split, steps and training size.
        seed: seed of the trial, which draws the subset.
        fit_on: ``train+validation`` joins both splits for training, and leaves validation empty.

    Raises:
        DataError: the split does not fit the data.
    """
    split = split_ids(spec.split, data.labels, data.parts)
    train = subset(split.train, data.labels, spec.train_size, seed)
    validation = split.validation
    num_sample = len(validation)
    if fit_on == "train+validation":
        train, validation = np.sort(np.concatenate([train, validation])), validation[:0]
    preprocessing = _fit(data, spec, train)
    held_out = _for_validation(data, spec, preprocessing, validation)
    return PreparedData(
        train_images=preprocessing.images(data.images, train),
        train_labels=data.labels[train],
        train_ids=train,
        validation_images=held_out.images(data.images, validation),
        validation_labels=data.labels[validation],
        validation_ids=validation,
        num_sample=num_sample,
        class_names=data.class_names,
        preprocessing=preprocessing,
        validation_preprocessing=held_out,
        file_names=data.file_names,
    )


def some_validation_images(
    data: Dataset, spec: DataSpec, preprocessing: FittedPreprocessing, ids: Ids
) -> ImageSet:
    """Preprocess some validation images of a finished trial, without preparing all of its data.

    Args:
        data: the data set.
        spec: data settings with the split.
        preprocessing: preprocessing fitted on training images, as stored with the trial's weights.
        ids: ids of the images.
    """
    validation = split_ids(spec.split, data.labels, data.parts).validation
    chosen = _for_validation(data, spec, preprocessing, validation)
    return chosen.images(data.images, ids)


def open_test(data: Dataset, spec: DataSpec, preprocessing: FittedPreprocessing) -> TestData:
    """Open the sealed test set. This is the only access to its images and labels.

    Args:
        data: the data set.
        spec: data settings with the split.
        preprocessing: preprocessing fitted on training images, as stored with the trial's weights.
    """
    ids = split_ids(spec.split, data.labels, data.parts).test
    chosen = treating(spec.mistakes, "test", preprocessing, lambda: _fit(data, spec, ids))
    return TestData(chosen.images(data.images, ids), data.labels[ids], ids, chosen)


def _for_validation(
    data: Dataset, spec: DataSpec, fitted: FittedPreprocessing, validation: Ids
) -> FittedPreprocessing:
    if not len(validation):
        return fitted
    return treating(spec.mistakes, "validation", fitted, lambda: _fit(data, spec, validation))


def _fit(data: Dataset, spec: DataSpec, ids: Ids) -> FittedPreprocessing:
    """Fit the steps in order, each on the training images as the steps before it return them."""
    steps = spec.steps()
    valuewise = all(step.valuewise for step in steps)
    counts = value_counts(data.images, ids) if valuewise and steps else None
    images = (_levels(data.images) if valuewise else data.images[ids]).astype(np.float32)
    maximum: float | None = float(data.maximum)
    learned = []
    for step in steps:
        arrays = step.fit(images) if counts is None else step.fit_counts(images, counts)
        if "unguarded_deviation" in spec.mistakes:
            arrays = without_guard(arrays)
        with np.errstate(divide="ignore", invalid="ignore"):
            images = step.apply(images, arrays, maximum)
        maximum = step.maximum_after(maximum)
        learned.append(arrays)
    digest = hashlib.sha256(ids.astype("<i8").data).hexdigest()
    return FittedPreprocessing(steps, tuple(learned), data.maximum, digest)


def _levels(raw: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return all 256 pixel values as images of one pixel, ``(256, 1, 1, channel)``."""
    levels = np.arange(LEVELS, dtype=np.uint8)
    return np.repeat(levels[:, None, None, None], raw.shape[3], axis=3)


def _table(images: Images) -> Images:
    """Return the lookup table ``(channel, 256)`` from the preprocessed `_levels`."""
    return np.ascontiguousarray(images[:, 0, 0, :].T)


def _run(
    steps: Sequence[Step],
    learned: Sequence[dict[str, npt.NDArray[np.float32]]],
    raw: npt.NDArray[np.uint8],
    largest: int,
) -> Images:
    images = raw.astype(np.float32)
    maximum: float | None = float(largest)
    for step, arrays in zip(steps, learned, strict=True):
        with np.errstate(divide="ignore", invalid="ignore"):
            images = step.apply(images, arrays, maximum)
        maximum = step.maximum_after(maximum)
    return np.ascontiguousarray(images, dtype=np.float32)
