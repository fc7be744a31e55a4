"""The training loop of the NumPy reference: slow, in float64, with the same random draws.

It serves for learning, and as an independent check of the fast engine. It has no checkpoints:
interrupted trials start again.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from paribus.data.image_arrays import ImageSet
from paribus.data.prepare import PreparedData
from paribus.engine.evaluate import EVALUATION_BATCH, Scores, train_metrics
from paribus.engine.history import History
from paribus.engine.order import batch_order, examples_per_epoch, steps_per_epoch
from paribus.engine.run import sample_positions
from paribus.nn.initial import initial_weights
from paribus.nn.schedules import learning_rate
from paribus.nn.spec import ModelSpec
from paribus.nn.training import TrainSpec
from paribus.observed import Observed, RanOptimizer
from paribus.records import EpochRecord, Predictions, Trial, TrialOutcome
from paribus.reference.layer import Array
from paribus.reference.losses import loss_and_gradient
from paribus.reference.network import ReferenceNetwork, build_reference
from paribus.reference.optimizers import ReferenceOptimizer

__all__ = ["run_reference_trial"]

Labels = npt.NDArray[np.int64]


LARGEST = 1e18
"""Largest accepted weight: its square is below the largest float32, 3e38."""


@dataclass
class _Run:
    trial: Trial
    train: TrainSpec
    network: ReferenceNetwork
    optimizer: ReferenceOptimizer
    data: PreparedData
    history: History


def run_reference_trial(
    trial: Trial, data: PreparedData, *, emit: Callable[[EpochRecord], None]
) -> TrialOutcome:
    """Train one variant with one seed by the reference.

    Args:
        trial: the trial to train.
        data: prepared data of its variant and seed.
        emit: called with the record of every epoch as it ends.

    Returns:
        The outcome, as `paribus.engine.run.run_trial` returns it.
    """
    with np.errstate(all="ignore"):  # non-finite values are detected and reported below
        return _trained(_start(trial, data), emit)


def _trained(run: _Run, emit: Callable[[EpochRecord], None]) -> TrialOutcome:
    while not run.history.ended:
        epoch = len(run.history.records) + 1
        record = _epoch(run, epoch)
        large = _too_large(run)
        if record is None or large is not None:
            return TrialOutcome(
                "failed",
                epoch - 1,
                run.history.wall_seconds,
                reason=(
                    f"the loss is not finite in epoch {epoch}"
                    if record is None
                    else f"{large} is beyond {LARGEST:g} in epoch {epoch}; networks are kept and tested in "
                    "single precision, which cannot reckon with it"
                ),
                first_nonfinite="loss" if record is None else str(large),
                observed=replace(_observed(run), failed_after=0),
            )
        emit(record)
    return _finished(run)


def _too_large(run: _Run) -> str | None:
    """Return the name of the first weight tensor with a value above `LARGEST`; None if there is none.

    The squares of accepted weights are within float32's range, so that neither a product of two weights nor
    a sum over a layer overflows.
    """
    for name, value in run.network.weights().items():
        if value.size and not np.abs(value).max() <= LARGEST:
            return name
    return None


def _start(trial: Trial, data: PreparedData) -> _Run:
    model = ModelSpec.parse(trial.variant.model)
    train = TrainSpec.parse(trial.variant.train, model.defaults)
    shape = data.train_images.image_shape
    name, spec = train.built_optimizer()
    return _Run(
        trial,
        train,
        build_reference(model, shape, initial_weights(model, shape, trial.seed)),
        ReferenceOptimizer(name, spec.model_dump(mode="json"), keras=model.defaults == "keras"),
        data,
        History(train),
    )


def _epoch(run: _Run, epoch: int) -> EpochRecord | None:
    """Train and score one epoch; returns None if a loss is not finite."""
    start = time.perf_counter()
    images = run.data.train_images
    count = len(images)
    steps = steps_per_epoch(run.train, count)
    order = batch_order(run.train, run.trial.seed, epoch, count)
    run.network.begin_epoch(run.trial.seed, epoch)
    for step in range(steps):
        batch = order[step * run.train.batch_size : (step + 1) * run.train.batch_size]
        run.optimizer.learning_rate = learning_rate(
            run.train.built_schedule(),
            run.optimizer.constants["learning_rate"],
            step=(epoch - 1) * steps + step,
            num_steps=run.train.epochs * steps,
            steps_per_epoch=steps,
        )
        if not _step(run, _taken(images, batch), run.data.train_labels[batch]):
            return None
    seconds = time.perf_counter() - start
    sample = sample_positions(run.trial.seed, run.data)
    metrics = _train_metrics(run, sample)
    held_out = run.data.validation_images
    if len(held_out):
        labels = run.data.validation_labels
        metrics |= _held_out(_scored(run, held_out, labels, np.arange(len(held_out)))[0])
        run.history.evaluated += len(held_out)
    record = EpochRecord(
        epoch,
        metrics,
        time.perf_counter() - start,
        examples_per_epoch(run.train, count) / max(seconds, 1e-9),
        run.optimizer.learning_rate,
    )
    run.history.records.append(record)
    if run.history.last_is_kept:
        run.history.best_weights = _weights(run)
    return record if all(map(math.isfinite, metrics.values())) else None


def _step(run: _Run, images: Array, labels: Labels) -> bool:
    loss, gradients = run.network.gradients(
        images, labels, loss=run.train.loss, smoothing=run.train.label_smoothing
    )
    if run.history.first_loss is None:
        run.history.first_loss = loss
    if not math.isfinite(loss):
        return False
    own = run.network.weights()
    run.network.load({**own, **run.optimizer.step(own, gradients)})
    return True


def _train_metrics(run: _Run, positions: npt.NDArray[np.int64]) -> dict[str, float]:
    scores, _ = _scored(run, run.data.train_images, run.data.train_labels, positions)
    run.history.evaluated += len(positions)
    return train_metrics(scores, run.network.penalty())


def _held_out(scores: Scores) -> dict[str, float]:
    return {"val_loss": scores.loss, "val_accuracy": scores.accuracy}


def _scored(
    run: _Run, images: ImageSet, labels: Labels, positions: npt.NDArray[np.int64]
) -> tuple[Scores, Array]:
    """Score the examples at some positions; returns scores and logits ``(example, class)``."""
    total, smoothed, correct, kept = 0.0, 0.0, 0, []
    for batch in _batches(positions):
        raw = run.network.forward(_taken(images, batch), training=False)
        truth = labels[batch]
        total += _loss(run, raw, truth, 0.0) * len(batch)
        smoothed += _loss(run, raw, truth, run.train.label_smoothing) * len(batch)
        correct += int((raw.argmax(1) == truth).sum())
        kept.append(raw)
    count = len(positions)
    return Scores(total / count, correct / count, smoothed / count), np.concatenate(kept)


def _loss(run: _Run, raw: Array, labels: Labels, smoothing: float) -> float:
    final = run.network.final
    return loss_and_gradient(raw, labels, loss=run.train.loss, final=final, smoothing=smoothing)[0]


def _batches(positions: npt.NDArray[np.int64]) -> Iterator[npt.NDArray[np.int64]]:
    for start in range(0, len(positions), EVALUATION_BATCH):
        yield positions[start : start + EVALUATION_BATCH]


def _taken(images: ImageSet, positions: npt.NDArray[np.int64]) -> Array:
    return images.take(positions).astype(np.float64)


def _finished(run: _Run) -> TrialOutcome:
    start = time.perf_counter()
    if run.history.best_weights:
        run.network.load(run.history.best_weights)
    images, held_out = run.data.train_images, run.data.validation_images
    metrics = _train_metrics(run, np.arange(len(images)))
    predictions: tuple[Predictions, ...] = ()
    if len(held_out):
        labels = run.data.validation_labels
        scores, raw = _scored(run, held_out, labels, np.arange(len(held_out)))
        run.history.evaluated += len(held_out)
        metrics |= _held_out(scores)
        probabilities = run.network.probabilities(raw).astype(np.float32)
        logarithms = run.network.log_probabilities(raw).astype(np.float32)
        ids = run.data.validation_ids
        predictions = (Predictions("validation", ids, labels, probabilities, logarithms),)
    return TrialOutcome(
        "done",
        len(run.history.records),
        run.history.wall_seconds + time.perf_counter() - start,
        metrics,
        observed=_observed(run),
        weights=_weights(run),
        predictions=predictions,
    )


def _weights(run: _Run) -> dict[str, npt.NDArray[np.float32]]:
    return {name: value.astype(np.float32) for name, value in run.network.weights().items()}


def _observed(run: _Run) -> Observed:
    """Return what was actually run, read from the built objects instead of the settings."""
    optimizer = run.optimizer
    formulas = "keras" if optimizer.keras else "torch"
    return Observed(
        optimizer=RanOptimizer(optimizer.name, formulas, dict(optimizer.constants)),
        optimizer_steps=optimizer.steps,
        parameters=sum(value.size for value in run.network.weights().values()),
        train_examples=len(run.data.train_images),
        examples_per_epoch=examples_per_epoch(run.train, len(run.data.train_images)),
        validation_examples=len(run.data.validation_images),
        evaluated_examples=run.history.evaluated,
        kept_epoch=run.history.kept_epoch,
        precision="fp64",
        first_loss=run.history.first_loss,
    )
