"""Measurement of a variant's training speed: the real training loop, briefly, on random images."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from paribus.data.image_arrays import LEVELS, ImageSet, LookUp
from paribus.data.prepare import FittedPreprocessing, PreparedData
from paribus.engine.evaluate import EVALUATION_BATCH
from paribus.engine.memory import give_memory_back, private_bytes
from paribus.engine.provenance.environment import bf16_is_emulated
from paribus.engine.run import run_trial
from paribus.engine.run_reference import run_reference_trial
from paribus.records import EpochRecord, Shape, Speed, Trial, Variant

__all__ = ["measure_speed"]

TARGET_SECONDS = 0.25
"""Intended duration of a measured epoch, by the rough forecast."""
STEP_SECONDS = 4.0
"""Longest step by the rough forecast; if it takes longer, a smaller batch is measured."""
SMALLEST_BATCH = 32
"""Smallest batch to which the measurement reduces the batch size."""


def measure_speed(
    variant: Variant, shape: Shape, num_classes: int, guess: float, *, looked_up: bool
) -> Speed:
    """Train a variant for two or three short epochs, and time the epochs after the first.

    Args:
        variant: the resolved variant.
        shape: ``(height, width, channel)`` after preprocessing.
        num_classes: number of classes of the data.
        guess: rough forecast of seconds per training example, which decides how many are used.
        looked_up: whether images are bytes with a lookup table, or float32.
    """
    give_memory_back()
    before = private_bytes()
    wanted = variant.train["batch_size"]
    batch = min(wanted, max(SMALLEST_BATCH, int(STEP_SECONDS / guess)))
    steps = max(1, math.ceil(TARGET_SECONDS / (guess * batch)))
    train = {
        **variant.train,
        "epochs": 3 if steps > 1 else 2,
        "batch_size": batch,
        "early_stopping": None,
        "checkpoint": "last",
        "steps_per_epoch": None,
    }
    trial = Trial("0" * 64, replace(variant, train=train), seed=0)
    count = steps * batch
    data = _random_data(shape, num_classes, count, looked_up=looked_up)
    records: list[EpochRecord] = []
    outcome = (
        run_reference_trial(trial, data, emit=records.append)
        if train.get("backend") == "numpy"
        else run_trial(trial, data, emit=records.append)
    )
    if outcome.status == "failed":
        return Speed(guess, guess / 3, private_bytes())
    training = min(1 / record.samples_per_second for record in records[1:])
    scored = len(data.validation_images) + min(count, data.num_sample)
    scoring = min(record.wall_seconds - count * training for record in records[1:]) / scored
    start = records[0].wall_seconds - min(record.wall_seconds for record in records[1:])
    memory = before + (private_bytes() - before) * wanted // batch  # mostly activations
    emulated = train.get("precision") == "bf16" and bf16_is_emulated()
    return Speed(training, max(scoring, 0.0), memory, max(start, 0.0), emulated)


def _random_data(shape: Shape, num_classes: int, count: int, *, looked_up: bool) -> PreparedData:
    draw = np.random.Generator(np.random.Philox(0))
    held_out = EVALUATION_BATCH

    def images(number: int) -> ImageSet:
        raw = draw.integers(0, LEVELS, (number, *shape), dtype=np.uint8)
        if not looked_up:
            return ImageSet(raw.astype(np.float32) / np.float32(LEVELS))
        table = np.tile(np.arange(LEVELS, dtype=np.float32) / np.float32(LEVELS), (shape[2], 1))
        return ImageSet(LookUp(raw, np.arange(number), table))

    def labels(number: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return draw.integers(0, num_classes, number)

    untreated = FittedPreprocessing((), (), LEVELS - 1, "")
    return PreparedData(
        train_images=images(count),
        train_labels=labels(count),
        train_ids=np.arange(count),
        validation_images=images(held_out),
        validation_labels=labels(held_out),
        validation_ids=np.arange(held_out),
        num_sample=held_out,
        class_names=tuple(map(str, range(num_classes))),
        preprocessing=untreated,
        validation_preprocessing=untreated,
    )
