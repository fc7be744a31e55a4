"""Joint training of a group of trials with the same structure as one program, to fill a GPU.

A group has a fixed number of members, of which the last may be dummies, so that a trial's result
does not depend on the number of other trials. On CUDA the forward and backward pass of a full batch is
recorded as a CUDA graph. Random draws have the same keys as in `paribus.engine.run.run_trial`, and the
results agree with it up to rounding.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

import numpy as np
import torch
from torch import Tensor

from paribus.data.prepare import PreparedData
from paribus.engine.augment import Augmenter
from paribus.engine.device_images import DeviceImages
from paribus.engine.evaluate import EVALUATION_BATCH, Scorer, Scores, train_metrics
from paribus.engine.group_members import Member, Share, Snapshot, joined
from paribus.engine.group_step import Batches, GroupStep
from paribus.engine.history import Checkpoint, History
from paribus.engine.order import batch_order, examples_per_epoch, steps_per_epoch
from paribus.engine.precision import exact_products
from paribus.engine.run import replay_failure, sample_positions
from paribus.keyed import key
from paribus.nn.build import build_network, load_weights
from paribus.nn.initial import initial_weights
from paribus.nn.optimizers import build_optimizer
from paribus.nn.schedules import learning_rate
from paribus.nn.spec import ModelSpec
from paribus.nn.stacked.network import ConvolutionWay, StackedNetwork, stack
from paribus.nn.training import TrainSpec
from paribus.observed import Observed
from paribus.records import EpochRecord, Predictions, Trial, TrialOutcome

__all__ = ["run_group"]


@exact_products()
def run_group(
    trials: Sequence[Trial],
    data: PreparedData,
    *,
    group_size: int,
    emit: Callable[[int, EpochRecord], None],
    device: str = "cpu",
    resume: Sequence[Checkpoint | None] | None = None,
    save: Callable[[int, Checkpoint], None] | None = None,
    way: ConvolutionWay = "by shape",
) -> list[TrialOutcome]:
    """Train trials of one structure together.

    Args:
        trials: trials with equal data, layers, batch size, epochs, loss and precision; dropout rates,
            penalties, optimizers, schedules and early stopping may differ.
        data: prepared data of all trials.
        group_size: number of members of the program, at least the number of trials.
        emit: called with a trial's index and the record of every epoch as it ends.
        device: ``cpu`` or ``cuda``.
        resume: checkpoints to continue from, all after the same number of epochs.
        save: called with a trial's index and a checkpoint after every epoch but the last.
        way: algorithm of the convolutions over members.

    Returns:
        The outcome of each trial, in the order of ``trials``.

    Raises:
        ValueError: there are more trials than members, or their structures differ.
    """
    group = _Group(trials, data, group_size, torch.device(device), resume, way)
    state = group.snapshot()
    while not all(member.ended for member in group.members):
        for index, record in group.epoch(state):
            emit(index, record)
        state = group.snapshot()
        if save is not None:
            for index, member in enumerate(group.members):
                if not member.ended:
                    save(index, state.checkpoint(index))
    return group.outcomes()


class _Group:
    """State of a group during training."""

    def __init__(
        self,
        trials: Sequence[Trial],
        data: PreparedData,
        group_size: int,
        device: torch.device,
        resume: Sequence[Checkpoint | None] | None,
        way: ConvolutionWay,
    ) -> None:
        if not 0 < len(trials) <= group_size:
            raise ValueError(f"trials: must be 1 to {group_size}, got {len(trials)}")
        self.data, self.device, self.size = data, device, group_size
        checkpoints = list(resume or [None] * len(trials))
        trains = [_train_of(trial) for trial in trials]
        self.members = [
            Member(trial, History.resumed(train, checkpoint))
            for trial, train, checkpoint in zip(trials, trains, checkpoints, strict=True)
        ]
        self.train = trains[0]
        # Dummies are copies of the last trial, so that they need no special case.
        self.seats = [*range(len(trials)), *[len(trials) - 1] * (group_size - len(trials))]
        self.network = self._network(checkpoints, way)
        self.parameters = list(self.network.parameters())
        self.shares = self._shares(trains, checkpoints)
        self.scorer = Scorer.of(self.train, self.network.final_activation, len(data.class_names))
        self.augmenter = (
            Augmenter(
                self.train.built_augmentation(),
                len(data.train_images),
                data.train_images.image_shape,
                device,
            )
            if self.train.augment
            else None
        )
        self.images = DeviceImages(data.train_images, device)
        self.labels = torch.from_numpy(data.train_labels).to(device)
        self.validation = (
            DeviceImages(data.validation_images, device),
            torch.from_numpy(data.validation_labels).to(device),
        )
        self.sample = self._rows(lambda seed: sample_positions(seed, data))
        self.step = GroupStep(
            self.network,
            Batches(self.images, self.labels, self.augmenter),
            self.scorer,
            full_batch=self.train.batch_size,
        )

    def _network(
        self, checkpoints: Sequence[Checkpoint | None], way: ConvolutionWay
    ) -> StackedNetwork:
        networks = []
        for seat in self.seats:
            trial, checkpoint = self.members[seat].trial, checkpoints[seat]
            model, shape = ModelSpec.parse(trial.variant.model), self.data.train_images.image_shape
            network = build_network(model, shape)
            weights = (
                checkpoint.weights if checkpoint else initial_weights(model, shape, trial.seed)
            )
            load_weights(network, weights)
            networks.append(network)
        return stack(networks, way).to(self.device)

    def _shares(
        self, trains: Sequence[TrainSpec], checkpoints: Sequence[Checkpoint | None]
    ) -> list[Share]:
        """Build one optimizer for each run of consecutive members with equal settings."""
        profiles = [ModelSpec.parse(m.trial.variant.model).defaults for m in self.members]

        def settings(index: int) -> str:
            seat = self.seats[index]
            train = trains[seat]
            return json.dumps([train.optimizer, train.schedule, profiles[seat]], sort_keys=True)

        shares = []
        for _, run in groupby(range(self.size), key=settings):
            members = list(run)
            start, stop, seat = members[0], members[-1] + 1, self.seats[members[0]]
            views = [item.detach()[start:stop].requires_grad_() for item in self.parameters]
            optimizer = build_optimizer(trains[seat], views, profiles[seat])
            states = [checkpoints[self.seats[index]] for index in members]
            if states[0] is not None:
                optimizer.restore(joined([state.optimizer for state in states if state]))
            shares.append(Share(start, stop, optimizer, trains[seat].built_schedule()))
        return shares

    def _rows(self, draw: Callable[[int], Any]) -> Tensor:
        """Call ``draw`` with each member's seed, and stack the results as ``(member, ...)``."""
        drawn = {member.trial.seed: draw(member.trial.seed) for member in self.members}
        rows = [drawn[self.members[seat].trial.seed] for seat in self.seats]
        return torch.from_numpy(np.stack(rows)).to(self.device)

    def epoch(self, before: Snapshot) -> list[tuple[int, EpochRecord]]:
        """Train and score one epoch; return (index, record) of the members that completed it."""
        start = time.perf_counter()
        live = [index for index, member in enumerate(self.members) if not member.ended]
        number = len(self.members[live[0]].history.records) + 1
        rates = self._train(number)
        failed = self.step.first_failures()  # synchronises with the device
        if number == 1:
            first_losses = self.step.first.cpu().tolist()
            for index in live:
                self.members[index].history.first_loss = first_losses[index]
        seconds = time.perf_counter() - start
        sampled = self.scores(self.images, self.labels, self.sample)
        penalties = self.network.penalties().tolist()
        held_out = self.scores(*self.validation) if len(self.validation[0]) else None
        total = time.perf_counter() - start
        records = []
        for index in live:
            member = self.members[index]
            metrics = train_metrics(sampled[index], penalties[index])
            if held_out is not None:
                metrics["val_loss"] = held_out[index].loss
                metrics["val_accuracy"] = held_out[index].accuracy
            member.history.evaluated += self.sample.shape[1] + len(self.validation[0])
            if failed[index] or not all(map(math.isfinite, metrics.values())):
                steps = steps_per_epoch(self.train, len(self.images))
                self._fail(member, before.checkpoint(index), number, failed[index] or steps)
                continue
            record = EpochRecord(
                epoch=number,
                metrics=metrics,
                wall_seconds=total / len(live),
                samples_per_second=examples_per_epoch(self.train, len(self.images))
                * len(live)
                / max(seconds, 1e-9),
                learning_rate=rates[index],
            )
            member.history.records.append(record)
            if member.history.last_is_kept:
                member.history.best_weights = self.network.read_member(index)
            if member.history.ended:
                member.final = member.history.best_weights or self.network.read_member(index)
            records.append((index, record))
        return records

    def _train(self, number: int) -> list[float]:
        """Run all optimizer steps of an epoch; return each member's last learning rate."""
        count = len(self.images)
        orders = self._rows(lambda seed: batch_order(self.train, seed, number, count))
        seeds = [self.members[seat].trial.seed for seat in self.seats]
        self.network.train()
        self.network.begin_epoch(
            lambda layer: [key(seed, "dropout", layer, number) % (1 << 64) for seed in seeds]
        )
        if self.augmenter is not None:
            self.augmenter.begin_epoch(seeds, number)
        steps = steps_per_epoch(self.train, count)
        self.step.begin_epoch()
        for step, positions in enumerate(torch.split(orders, self.train.batch_size, dim=1)[:steps]):
            self.step(positions)
            for share in self.shares:
                self._update(share, step=(number - 1) * steps + step, steps=steps)
        rates = [0.0] * self.size
        for share in self.shares:
            rates[share.start : share.stop] = [share.optimizer.learning_rate] * (
                share.stop - share.start
            )
        return rates

    def _update(self, share: Share, *, step: int, steps: int) -> None:
        optimizer = share.optimizer
        optimizer.learning_rate = learning_rate(
            share.schedule,
            optimizer.constants["learning_rate"],
            step=step,
            num_steps=self.train.epochs * steps,
            steps_per_epoch=steps,
        )
        for view, parameter in zip(optimizer.parameters, self.parameters, strict=True):
            gradient = parameter.grad
            view.grad = None if gradient is None else gradient[share.start : share.stop]
        optimizer.step()

    def _fail(self, member: Member, before: Checkpoint, number: int, step: int) -> None:
        """Set the outcome of a failed member, after replaying its epoch alone to find the tensor."""
        found = replay_failure(member.trial, self.data, self.device, before)
        tensor, step = found or ("loss", step)
        reason = (
            f"the loss is not finite in epoch {number}, step {step}; "
            f"the first non-finite tensor is: {tensor}"
        )
        member.outcome = TrialOutcome(
            "failed",
            len(member.history.records),
            member.history.wall_seconds,
            reason=reason,
            first_nonfinite=tensor,
            observed=replace(
                self._observed(member),
                failed_after=(number - 1) * steps_per_epoch(self.train, len(self.images)) + step,
            ),
        )

    def scores(
        self,
        images: DeviceImages,
        labels: Tensor,
        positions: Tensor | None = None,
        kept: list[tuple[Tensor, Tensor]] | None = None,
    ) -> list[Scores]:
        """Score all members in evaluation mode.

        Args:
            images: images to score.
            labels: ``(example,)``.
            positions: ``(member, k)``, positions of the examples to score; by default all examples.
            kept: list to which class probabilities and their logarithms ``(member, k, class)`` are
                appended batch by batch, on the CPU.
        """
        self.network.eval()
        if positions is None:
            positions = torch.arange(len(images), device=self.device).expand(self.size, -1)
        count = positions.shape[1]
        total = torch.zeros(2, self.size, dtype=torch.float64, device=self.device)
        correct = torch.zeros(self.size, dtype=torch.int64, device=self.device)
        with torch.inference_mode():
            for part in torch.split(positions, EVALUATION_BATCH, dim=1):
                chosen = part.flatten()
                raw, truth = self.scorer.raw(self.network, images.batch(chosen)), labels[chosen]
                losses = self.scorer.losses(raw, truth, "none")
                total += torch.stack([item.double().view(self.size, -1).sum(1) for item in losses])
                correct += (raw.argmax(1) == truth).view(self.size, -1).sum(1)
                if kept is not None:
                    found = self.network.probabilities(raw), self.network.log_probabilities(raw)
                    views = [item.view(self.size, -1, item.shape[1]).cpu() for item in found]
                    kept.append((views[0], views[1]))
        sums, hits = total.cpu().tolist(), correct.cpu().tolist()
        return [
            Scores(loss / count, right / count, smoothed / count)
            for loss, smoothed, right in zip(*sums, hits, strict=True)
        ]

    def snapshot(self) -> Snapshot:
        """Copy weights, optimizer states and histories before an epoch, on the device."""
        return Snapshot(self.network, self.shares, self.members)

    def outcomes(self) -> list[TrialOutcome]:
        """Score the kept weights of all members, and return the outcome of each trial."""
        start = time.perf_counter()
        for index, member in enumerate(self.members):
            if member.final is not None:
                self.network.load_member(index, member.final)
        scores = self.scores(self.images, self.labels)
        penalties = self.network.penalties().tolist()
        found: list[tuple[Tensor, Tensor]] = []
        held_out = self.scores(*self.validation, kept=found) if len(self.validation[0]) else None
        seconds = (time.perf_counter() - start) / len(self.members)
        for index, member in enumerate(self.members):
            if member.outcome is not None:
                continue
            metrics = train_metrics(scores[index], penalties[index])
            predictions: tuple[Predictions, ...] = ()
            if held_out is not None:
                metrics["val_loss"] = held_out[index].loss
                metrics["val_accuracy"] = held_out[index].accuracy
                ids, labels = self.data.validation_ids, self.data.validation_labels
                probabilities, logarithms = (
                    torch.cat(parts, dim=1)[index].contiguous().numpy()
                    for parts in zip(*found, strict=True)
                )
                predictions = (Predictions("validation", ids, labels, probabilities, logarithms),)
            member.history.evaluated += len(self.images) + len(self.validation[0])
            member.outcome = TrialOutcome(
                "done",
                len(member.history.records),
                member.history.wall_seconds + seconds,
                metrics,
                observed=self._observed(member),
                weights=self.network.read_member(index),
                predictions=predictions,
            )
        return [member.outcome for member in self.members if member.outcome is not None]

    def _observed(self, member: Member) -> Observed:
        """Return what was actually run, read from the built objects instead of the settings."""
        index = self.members.index(member)
        optimizer = next(s.optimizer for s in self.shares if s.start <= index < s.stop)
        history, train = member.history, member.history.train
        tensors = self.network.weight_tensors().values()
        steps = steps_per_epoch(train, len(self.images))
        return Observed(
            optimizer=optimizer.describe(),
            optimizer_steps=len(history.records) * steps,
            parameters=sum(tensor[0].numel() for tensor in tensors),
            train_examples=len(self.images),
            examples_per_epoch=examples_per_epoch(train, len(self.images)),
            validation_examples=len(self.validation[0]),
            evaluated_examples=history.evaluated,
            kept_epoch=history.kept_epoch,
            precision=train.precision,
            first_loss=history.first_loss,
        )


def _train_of(trial: Trial) -> TrainSpec:
    return TrainSpec.parse(trial.variant.train, ModelSpec.parse(trial.variant.model).defaults)
