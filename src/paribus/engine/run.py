"""The training loop of one trial. It reports every epoch, independent of stores and processes.

Random draws are keyed, so an epoch depends only on the weights and the optimizer's state before it.
A trial resumed from a checkpoint therefore continues bit for bit.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from paribus.data.prepare import PreparedData
from paribus.engine.augment import Augmenter
from paribus.engine.device_images import DeviceImages
from paribus.engine.evaluate import (
    Scorer,
    Scores,
    evaluate,
    evaluate_and_predict,
    train_metrics,
)
from paribus.engine.history import Checkpoint, History
from paribus.engine.inspection.nonfinite import first_nonfinite
from paribus.engine.order import batch_order, examples_per_epoch, steps_per_epoch
from paribus.engine.precision import exact_products, products_in
from paribus.keyed import generator
from paribus.nn.build import Network, build_network, load_weights, read_weights
from paribus.nn.initial import initial_weights
from paribus.nn.optimizers import OptimizerState, build_optimizer
from paribus.nn.schedules import learning_rate
from paribus.nn.spec import ModelSpec
from paribus.nn.training import TrainSpec
from paribus.observed import Observed
from paribus.records import EpochRecord, Predictions, Trial, TrialOutcome

__all__ = ["first_failure", "replay_failure", "run_trial", "sample_positions"]


class _NonFiniteError(Exception):
    """The loss of a step is not finite."""

    def __init__(self, tensor: str, epoch: int, step: int) -> None:
        super().__init__(tensor)
        self.tensor, self.epoch, self.step = tensor, epoch, step


@dataclass
class _Run:
    """State of a trial during training."""

    trial: Trial
    train: TrainSpec
    network: Network
    optimizer: OptimizerState
    scorer: Scorer
    augmenter: Augmenter | None
    images: DeviceImages
    labels: Tensor
    validation: tuple[DeviceImages, Tensor]
    sample: Tensor
    history: History
    treat: Callable[[Tensor], Tensor] | None = None
    """Function applied to every batch of training images; only for counterfactual runs."""


def sample_positions(seed: int, data: PreparedData) -> npt.NDArray[np.int64]:
    """Draw the positions, ascending, of the training examples that are scored after every epoch."""
    count = len(data.train_images)
    drawn = generator(seed, "sample").permutation(count)[: min(count, data.num_sample)]
    return np.sort(drawn)


@exact_products()
def run_trial(
    trial: Trial,
    data: PreparedData,
    *,
    emit: Callable[[EpochRecord], None],
    device: str = "cpu",
    resume: Checkpoint | None = None,
    save: Callable[[Checkpoint], None] | None = None,
) -> TrialOutcome:
    """Train one variant with one seed, from its own keyed initial weights.

    Args:
        trial: the trial to train.
        data: prepared data of its variant and seed.
        emit: called with the record of every epoch as it ends.
        device: ``cpu`` or ``cuda``.
        resume: checkpoint to continue from; None starts from initial weights.
        save: called with a checkpoint after every epoch but the last.

    Returns:
        The outcome. With a non-finite loss its status is failed, and it names the first non-finite
        tensor.
    """
    run = _start(trial, data, torch.device(device), resume)
    try:
        if resume is None and run.train.mistakes is not None:
            _warm_up(run, run.train.mistakes.warm_start)
        while not run.history.ended:
            emit(_epoch(run, len(run.history.records) + 1))
            if save is not None and not run.history.ended:
                save(_checkpoint(run))
    except _NonFiniteError as failure:
        return _failed(run, failure)
    return _finished(run, data)


def _start(
    trial: Trial, data: PreparedData, device: torch.device, resume: Checkpoint | None
) -> _Run:
    model = ModelSpec.parse(trial.variant.model)
    train = TrainSpec.parse(trial.variant.train, model.defaults)
    shape = data.train_images.image_shape
    network = build_network(model, shape)
    load_weights(network, resume.weights if resume else initial_weights(model, shape, trial.seed))
    network.to(device)
    optimizer = build_optimizer(train, network.parameters(), model.defaults)
    if resume:
        optimizer.restore({key: torch.from_numpy(value) for key, value in resume.optimizer.items()})
    return _Run(
        trial=trial,
        train=train,
        network=network,
        optimizer=optimizer,
        scorer=Scorer.of(train, network.final_activation, len(data.class_names)),
        augmenter=Augmenter(train.built_augmentation(), len(data.train_images), shape, device)
        if train.augment
        else None,
        images=DeviceImages(data.train_images, device),
        labels=torch.from_numpy(data.train_labels).to(device),
        validation=(
            DeviceImages(data.validation_images, device),
            torch.from_numpy(data.validation_labels).to(device),
        ),
        sample=torch.from_numpy(sample_positions(trial.seed, data)).to(device),
        history=History.resumed(train, resume),
    )


def _warm_up(run: _Run, sizes: Sequence[int]) -> None:
    """Train on smaller subsets first and keep the weights: a deliberate mistake for teaching."""
    count = len(run.images)
    for size in sizes:
        chosen = generator(run.trial.seed, "subset", "warm start", size).permutation(count)[:size]
        run.network.train()
        for epoch in range(1, run.train.epochs + 1):
            run.network.begin_epoch(run.trial.seed, -epoch)
            order = generator(run.trial.seed, "batch order", "warm start", size, epoch)
            positions = torch.from_numpy(chosen[order.permutation(len(chosen))])
            for batch in torch.split(positions.to(run.images.device), run.train.batch_size):
                _step(run, batch, epoch, 1)
    model = ModelSpec.parse(run.trial.variant.model)
    run.optimizer = build_optimizer(run.train, run.network.parameters(), model.defaults)


def _epoch(run: _Run, epoch: int) -> EpochRecord:
    start = time.perf_counter()
    rate = _train_epoch(run, epoch)
    trained = time.perf_counter()
    scores = evaluate(run.network, run.images, run.labels, run.scorer, run.sample)
    run.history.evaluated += len(run.sample) + len(run.validation[0])
    metrics = train_metrics(scores, _penalty(run))
    if len(run.validation[0]):
        metrics |= _held_out(evaluate(run.network, *run.validation, run.scorer))
    if not all(map(math.isfinite, metrics.values())):
        raise _NonFiniteError("loss", epoch, steps_per_epoch(run.train, len(run.images)))
    record = EpochRecord(
        epoch=epoch,
        metrics=metrics,
        wall_seconds=time.perf_counter() - start,
        samples_per_second=examples_per_epoch(run.train, len(run.images))
        / max(trained - start, 1e-9),
        learning_rate=rate,
    )
    run.history.records.append(record)
    if run.history.last_is_kept:
        run.history.best_weights = read_weights(run.network)
    return record


def _penalty(run: _Run) -> float:
    with torch.no_grad():
        penalty = run.network.penalty()
    return 0.0 if penalty is None else float(penalty)


def _held_out(scores: Scores) -> dict[str, float]:
    return {"val_loss": scores.loss, "val_accuracy": scores.accuracy}


def _train_epoch(run: _Run, epoch: int, limit: int | None = None) -> float:
    """Run the steps of an epoch, at most ``limit``; return the last learning rate."""
    seed, size = run.trial.seed, run.train.batch_size
    order = batch_order(run.train, seed, epoch, len(run.images))
    batches = torch.split(torch.from_numpy(order).to(run.images.device), size)
    schedule, base = run.train.built_schedule(), run.optimizer.constants["learning_rate"]
    steps = steps_per_epoch(run.train, len(run.images))
    run.network.train()
    run.network.begin_epoch(seed, epoch)
    if run.augmenter is not None:
        run.augmenter.begin_epoch([seed], epoch)
    for step, batch in enumerate(batches[: steps if limit is None else min(limit, steps)]):
        run.optimizer.learning_rate = learning_rate(
            schedule,
            base,
            step=(epoch - 1) * steps + step,
            num_steps=run.train.epochs * steps,
            steps_per_epoch=steps,
        )
        _step(run, batch, epoch, step)
    return run.optimizer.learning_rate


def _step(run: _Run, batch: Tensor, epoch: int, step: int) -> None:
    images = run.images.batch(batch)
    if run.augmenter is not None:
        images = run.augmenter(images, batch)
    if run.treat is not None:
        images = run.treat(images)
    with products_in(run.train.precision, run.images.device):
        raw = run.network(images)
    loss = run.scorer.objective(raw.float(), run.labels[batch], "mean")
    value = loss.item()
    if not run.history.records and step == 0:
        run.history.first_loss = value
    if not math.isfinite(value):
        raise _NonFiniteError(first_nonfinite(run.network, images), epoch, step + 1)
    penalty = run.network.penalty()
    if penalty is not None:
        loss = loss + penalty
    run.optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    run.optimizer.step()


def _checkpoint(run: _Run) -> Checkpoint:
    optimizer = {key: value.cpu().numpy().copy() for key, value in run.optimizer.tensors().items()}
    history = run.history
    return Checkpoint(
        tuple(history.records), read_weights(run.network), optimizer, history.best_weights
    )


def _failed(run: _Run, failure: _NonFiniteError) -> TrialOutcome:
    place = f"epoch {failure.epoch}, step {failure.step}"
    return TrialOutcome(
        status="failed",
        epochs=len(run.history.records),
        wall_seconds=run.history.wall_seconds,
        reason=f"the loss is not finite in {place}; the first non-finite tensor is: {failure.tensor}",
        first_nonfinite=failure.tensor,
        observed=replace(_observed(run), failed_after=_steps_until(run, failure)),
    )


def _steps_until(run: _Run, failure: _NonFiniteError) -> int:
    return (failure.epoch - 1) * steps_per_epoch(run.train, len(run.images)) + failure.step


def _finished(run: _Run, data: PreparedData) -> TrialOutcome:
    start = time.perf_counter()
    if run.history.best_weights:
        load_weights(run.network, run.history.best_weights)
    scores = evaluate(run.network, run.images, run.labels, run.scorer)
    run.history.evaluated += len(run.images) + len(run.validation[0])
    metrics = train_metrics(scores, _penalty(run))
    predictions: tuple[Predictions, ...] = ()
    if len(run.validation[0]):
        held_out, *found = evaluate_and_predict(run.network, *run.validation, run.scorer)
        metrics |= _held_out(held_out)
        ids, labels = data.validation_ids, data.validation_labels
        probabilities, logarithms = (tensor.numpy() for tensor in found)
        predictions = (Predictions("validation", ids, labels, probabilities, logarithms),)
    return TrialOutcome(
        status="done",
        epochs=len(run.history.records),
        wall_seconds=run.history.wall_seconds + time.perf_counter() - start,
        metrics=metrics,
        observed=_observed(run),
        weights=read_weights(run.network),
        predictions=predictions,
    )


@exact_products()
def replay_failure(
    trial: Trial, data: PreparedData, device: torch.device, before: Checkpoint | None
) -> tuple[str, int] | None:
    """Train the epoch after a checkpoint again, to find where its loss stops being finite.

    Returns:
        The first non-finite tensor and the step, from 1; None if all losses are finite.
    """
    run = _start(trial, data, device, before)
    try:
        _epoch(run, len(run.history.records) + 1)
    except _NonFiniteError as failure:
        return failure.tensor, failure.step
    return None


@exact_products()
def first_failure(
    trial: Trial,
    data: PreparedData,
    *,
    num_steps: int,
    device: torch.device,
    treat: Callable[[Tensor], Tensor] | None = None,
) -> int | None:
    """Train the first steps of a trial without scoring, to see whether the loss stays finite.

    Args:
        trial: the trial to train.
        data: its prepared data.
        num_steps: number of optimizer steps.
        device: device to train on.
        treat: function applied to every batch of images; None for none.

    Returns:
        The first step, from 1, with a non-finite loss; None if there was none.
    """
    run = _start(trial, data, device, None)
    run.treat = treat
    per_epoch = steps_per_epoch(run.train, len(run.images))
    try:
        for epoch in range(1, math.ceil(num_steps / per_epoch) + 1):
            _train_epoch(run, epoch, num_steps - (epoch - 1) * per_epoch)
    except _NonFiniteError as failure:
        return (failure.epoch - 1) * per_epoch + failure.step
    return None


def _observed(run: _Run) -> Observed:
    """Return what was actually run, read from the built objects instead of the settings."""
    return Observed(
        optimizer=run.optimizer.describe(),
        optimizer_steps=run.optimizer.steps,
        parameters=sum(tensor.numel() for tensor in run.network.weight_tensors().values()),
        train_examples=len(run.images),
        examples_per_epoch=examples_per_epoch(run.train, len(run.images)),
        validation_examples=len(run.validation[0]),
        evaluated_examples=run.history.evaluated,
        kept_epoch=run.history.kept_epoch,
        precision=run.train.precision,
        first_loss=run.history.first_loss,
    )
