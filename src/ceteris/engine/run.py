"""The training loop. It runs one trial, reports every epoch, and knows no store and no process.

Every draw is keyed, so an epoch depends only on the weights and the optimizer's state before it:
a trial resumed from a checkpoint continues bit for bit.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ceteris.data.prepare import PreparedData
from ceteris.engine.evaluate import Scorer, Scores, evaluate, evaluate_and_predict
from ceteris.engine.images import DeviceImages
from ceteris.engine.nonfinite import first_nonfinite
from ceteris.engine.precision import products_in
from ceteris.keyed import generator
from ceteris.nn.build import Network, build_network, load_weights, read_weights
from ceteris.nn.early_stopping import best_epoch, should_stop
from ceteris.nn.initial import initial_weights
from ceteris.nn.losses import build_loss
from ceteris.nn.optimizers import OptimizerState, build_optimizer
from ceteris.nn.schedules import learning_rate
from ceteris.nn.spec import ModelSpec
from ceteris.nn.training import TrainSpec
from ceteris.records import EpochRecord, Predictions, Trial, TrialOutcome

__all__ = ["Checkpoint", "run_trial"]

Weights = dict[str, npt.NDArray[np.float32]]


@dataclass(frozen=True)
class Checkpoint:
    """A trial after an epoch: everything that the next epoch depends on."""

    records: tuple[EpochRecord, ...]
    weights: Weights
    optimizer: dict[str, npt.NDArray[Any]]
    best_weights: Weights = field(default_factory=dict)
    """Weights of the best epoch so far, where the study keeps the best."""


class _NonFiniteError(Exception):
    """The loss of a step is not finite."""

    def __init__(self, tensor: str, epoch: int, step: int) -> None:
        super().__init__(tensor)
        self.tensor, self.epoch, self.step = tensor, epoch, step


@dataclass
class _Run:
    """A trial while it runs."""

    trial: Trial
    train: TrainSpec
    network: Network
    optimizer: OptimizerState
    scorer: Scorer
    images: DeviceImages
    labels: Tensor
    validation: tuple[DeviceImages, Tensor]
    sample: Tensor
    records: list[EpochRecord] = field(default_factory=list)
    best_weights: Weights = field(default_factory=dict)
    evaluated: int = 0
    """Examples scored by this process so far."""

    @property
    def steps_per_epoch(self) -> int:
        """Optimizer steps of one epoch."""
        size = self.train.batch_size
        full = len(self.images) // size
        return full if self.train.last_batch == "drop" else math.ceil(len(self.images) / size)

    @property
    def monitor(self) -> str:
        """The metric that early stopping and `checkpoint: best` follow."""
        stopping = self.train.early_stopping
        return stopping.monitor if stopping else "val_loss"

    def monitored(self) -> list[float]:
        """Values of the monitored metric so far."""
        return [record.metrics[self.monitor] for record in self.records]


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
        trial: what to train.
        data: prepared for this variant and seed.
        emit: called with the record of every epoch as it ends.
        device: ``cpu`` or ``cuda``.
        resume: continue after this checkpoint instead of starting.
        save: called with a checkpoint after every epoch but the last.

    Returns:
        How it ended. A non-finite loss gives a failed outcome that names the first such tensor.
    """
    run = _start(trial, data, torch.device(device), resume)
    try:
        for epoch in range(len(run.records) + 1, run.train.epochs + 1):
            if _stopped(run):
                break
            emit(_epoch(run, epoch))
            if save is not None and epoch < run.train.epochs:
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
    count = len(data.train_images)
    drawn = generator(trial.seed, "sample").permutation(count)[: min(count, data.num_sample)]
    return _Run(
        trial=trial,
        train=train,
        network=network,
        optimizer=optimizer,
        scorer=Scorer(
            build_loss(train, network.final_activation, len(data.class_names)), train.precision
        ),
        images=DeviceImages(data.train_images, device),
        labels=torch.from_numpy(data.train_labels).to(device),
        validation=(
            DeviceImages(data.validation_images, device),
            torch.from_numpy(data.validation_labels).to(device),
        ),
        sample=torch.from_numpy(np.sort(drawn)).to(device),
        records=list(resume.records) if resume else [],
        best_weights=dict(resume.best_weights) if resume else {},
    )


def _epoch(run: _Run, epoch: int) -> EpochRecord:
    start = time.perf_counter()
    rate = _train_epoch(run, epoch)
    trained = time.perf_counter()
    scores = evaluate(run.network, run.images, run.labels, run.scorer, run.sample)
    run.evaluated += len(run.sample) + len(run.validation[0])
    metrics = {"loss": scores.loss, "accuracy": scores.accuracy}
    if len(run.validation[0]):
        metrics |= _held_out(evaluate(run.network, *run.validation, run.scorer))
    if not all(map(math.isfinite, metrics.values())):
        raise _NonFiniteError("loss", epoch, run.steps_per_epoch)
    record = EpochRecord(
        epoch=epoch,
        metrics=metrics,
        wall_seconds=time.perf_counter() - start,
        samples_per_second=len(run.images) / max(trained - start, 1e-9),
        learning_rate=rate,
    )
    run.records.append(record)
    if (
        run.train.checkpoint == "best"
        and best_epoch(run.monitor, run.monitored()) == len(run.records) - 1
    ):
        run.best_weights = read_weights(run.network)
    return record


def _held_out(scores: Scores) -> dict[str, float]:
    return {"val_loss": scores.loss, "val_accuracy": scores.accuracy}


def _train_epoch(run: _Run, epoch: int) -> float:
    """Run all steps of an epoch; return the last learning rate."""
    seed, size = run.trial.seed, run.train.batch_size
    order = generator(seed, "batch order", epoch).permutation(len(run.images))
    batches = torch.split(torch.from_numpy(order).to(run.images.device), size)
    schedule, base = run.train.built_schedule(), run.optimizer.constants["learning_rate"]
    steps = run.steps_per_epoch
    run.network.train()
    run.network.begin_epoch(seed, epoch)
    for step, batch in enumerate(batches[:steps]):
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
    with products_in(run.train.precision, run.images.device):
        raw = run.network(images)
    loss = run.scorer.loss(raw.float(), run.labels[batch], "mean")
    if not math.isfinite(loss.item()):
        raise _NonFiniteError(first_nonfinite(run.network, images), epoch, step + 1)
    penalty = run.network.penalty()
    if penalty is not None:
        loss = loss + penalty
    run.optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    run.optimizer.step()


def _stopped(run: _Run) -> bool:
    stopping = run.train.early_stopping
    return stopping is not None and bool(run.records) and should_stop(stopping, run.monitored())


def _checkpoint(run: _Run) -> Checkpoint:
    optimizer = {key: value.cpu().numpy().copy() for key, value in run.optimizer.tensors().items()}
    return Checkpoint(tuple(run.records), read_weights(run.network), optimizer, run.best_weights)


def _failed(run: _Run, failure: _NonFiniteError) -> TrialOutcome:
    place = f"epoch {failure.epoch}, step {failure.step}"
    return TrialOutcome(
        status="failed",
        epochs=len(run.records),
        wall_seconds=sum(record.wall_seconds for record in run.records),
        reason=f"the loss is not finite in {place}; the first non-finite tensor is: {failure.tensor}",
        first_nonfinite=failure.tensor,
        observed=_observed(run),
    )


def _finished(run: _Run, data: PreparedData) -> TrialOutcome:
    start = time.perf_counter()
    if run.best_weights:
        load_weights(run.network, run.best_weights)
    scores = evaluate(run.network, run.images, run.labels, run.scorer)
    run.evaluated += len(run.images) + len(run.validation[0])
    metrics = {"loss": scores.loss, "accuracy": scores.accuracy}
    predictions: tuple[Predictions, ...] = ()
    if len(run.validation[0]):
        held_out, found = evaluate_and_predict(run.network, *run.validation, run.scorer)
        metrics |= _held_out(held_out)
        ids, labels = data.validation_ids, data.validation_labels
        predictions = (Predictions("validation", ids, labels, found.numpy()),)
    trained = sum(record.wall_seconds for record in run.records)
    return TrialOutcome(
        status="done",
        epochs=len(run.records),
        wall_seconds=trained + time.perf_counter() - start,
        metrics=metrics,
        observed=_observed(run),
        weights=read_weights(run.network),
        predictions=predictions,
    )


def _observed(run: _Run) -> dict[str, Any]:
    """What was really run, read off the objects."""
    kept = best_epoch(run.monitor, run.monitored()) + 1 if run.best_weights else len(run.records)
    return {
        "optimizer": run.optimizer.describe(),
        "optimizer_steps": run.optimizer.steps,
        "parameters": sum(tensor.numel() for tensor in run.network.weight_tensors().values()),
        "train_examples": len(run.images),
        "validation_examples": len(run.validation[0]),
        "evaluated_examples": run.evaluated,
        "kept_epoch": kept,
        "precision": run.train.precision,
    }
