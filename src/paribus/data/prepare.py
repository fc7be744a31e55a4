"""From a data set to the arrays that a trial sees. Preprocessing learns from training ids only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from paribus.data.dataset import Dataset
from paribus.data.images import LEVELS, ImageSet, LookUp, value_counts
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
    """Steps, what each learned, and from which examples."""

    steps: tuple[Step, ...]
    learned: tuple[dict[str, npt.NDArray[np.float32]], ...]
    maximum: int
    fitted_on: str
    """SHA-256 of the ids of the examples it was fitted on."""

    def apply(self, images: npt.NDArray[np.uint8]) -> Images:
        """Treat raw images ``(example, height, width, channel)``; float32 comes out."""
        return _run(self.steps, self.learned, images, self.maximum)

    def images(self, raw: npt.NDArray[np.uint8], ids: Ids) -> ImageSet:
        """Treat some images of a source; nothing is copied where a table can say what they become.

        Args:
            raw: ``(example, height, width, channel)`` of the whole source.
            ids: examples to take.
        """
        if not all(step.valuewise for step in self.steps):
            return ImageSet(self.apply(raw[ids]))
        return ImageSet(LookUp(raw, ids, _table(self.apply(_levels(raw)))))

    def seen(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Return raw images in the size in which a network sees them, with their raw values.

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
        """Return what the steps have to say about what they learned."""
        pairs = zip(self.steps, self.learned, strict=True)
        return tuple(note for step, learned in pairs for note in step.notes(learned))

    def to_tensors(self) -> dict[str, npt.NDArray[np.float32]]:
        """Return what was learned as named arrays."""
        return {
            f"{index}.{name}": np.atleast_1d(array)
            for index, learned in enumerate(self.learned)
            for name, array in learned.items()
        }

    def digest(self) -> str:
        """Return 16 hexadecimal digits that say what is done to an image, learned numbers included."""
        found = hashlib.sha256(self.to_json().encode())
        for name, array in sorted(self.to_tensors().items()):
            found.update(name.encode() + np.ascontiguousarray(array).tobytes())
        return found.hexdigest()[:16]

    def to_json(self) -> str:
        """Return everything but the arrays."""
        names = {item: name for name, item in STEPS.items()}
        steps = [{names[type(step)]: step.model_dump(mode="json")} for step in self.steps]
        return json.dumps({"steps": steps, "maximum": self.maximum, "fitted_on": self.fitted_on})

    @classmethod
    def restored(
        cls, text: str, tensors: Mapping[str, npt.NDArray[np.float32]]
    ) -> FittedPreprocessing:
        """Return what `to_json` and `to_tensors` wrote."""
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
    """Images and labels of one trial."""

    train_images: ImageSet
    train_labels: Ids
    train_ids: Ids
    validation_images: ImageSet
    validation_labels: Ids
    validation_ids: Ids
    num_sample: int
    """Examples on which train metrics are re-scored after each epoch: as many as validate."""
    class_names: tuple[str, ...]
    preprocessing: FittedPreprocessing
    validation_preprocessing: FittedPreprocessing
    """The same, but in a study that makes a mistake on purpose."""
    file_names: tuple[str, ...] = ()
    """Of every example of the source, by id; empty where examples have no files."""


@dataclass(frozen=True)
class TestData:
    """The opened test set."""

    __test__ = False

    images: ImageSet
    labels: Ids
    ids: Ids
    preprocessing: FittedPreprocessing


def prepare(data: Dataset, spec: DataSpec, *, seed: int, fit_on: FitOn = "train") -> PreparedData:
    """Split, take the training subset, fit preprocessing on it, and treat both parts alike.

    Args:
        data: the source.
        spec: split, steps, training size.
        seed: the trial's; draws the subset.
        fit_on: ``train+validation`` joins both parts, and leaves validation empty.

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
    """Treat some validation images of a trained trial, without preparing all of its data again.

    Args:
        data: the source.
        spec: the split.
        preprocessing: fitted on training examples, as stored with the trial's weights.
        ids: of the images.
    """
    validation = split_ids(spec.split, data.labels, data.parts).validation
    chosen = _for_validation(data, spec, preprocessing, validation)
    return chosen.images(data.images, ids)


def open_test(data: Dataset, spec: DataSpec, preprocessing: FittedPreprocessing) -> TestData:
    """Open the sealed test set: the only way to its labels.

    Args:
        data: the source.
        spec: the split.
        preprocessing: fitted on training examples, as stored with the trial's weights.
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
    """Learn step after step; each sees what the steps before it make of the training images."""
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
    """Return every value in every channel: ``(256, 1, 1, channel)``."""
    levels = np.arange(LEVELS, dtype=np.uint8)
    return np.repeat(levels[:, None, None, None], raw.shape[3], axis=3)


def _table(images: Images) -> Images:
    """Return ``(channel, 256)`` from treated levels."""
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
