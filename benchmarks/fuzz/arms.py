"""paribus's own networks, trained for ten steps in every form they have, with everything seen on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.fuzz.drawing.cases import Batch, Case
from benchmarks.fuzz.drawing.randomness import Randomness
from paribus.keyed import key
from paribus.nn.build import Network, build_network, load_weights
from paribus.nn.initial import initial_weights
from paribus.nn.losses import build_loss
from paribus.nn.native import library as native
from paribus.nn.optimizers import build_optimizer
from paribus.nn.schedules import learning_rate
from paribus.nn.stacked.network import StackedNetwork, stack

__all__ = ["ARMS", "Arm", "Course", "Step", "dropout_key", "start_weights"]

Tensors = dict[str, Tensor]


@dataclass(frozen=True)
class Step:
    """What one member computed in one step."""

    before: Tensors
    """Weights and running statistics, as every other tensor here a copy."""
    raw: Tensor
    objective: Tensor | None
    """With penalties; None where only the sum over members exists."""
    gradients: Tensors
    after: Tensors
    rate: float


@dataclass(frozen=True)
class Course:
    """Ten steps of one member, and its outputs in evaluation mode behind them."""

    member: int
    steps: list[Step]
    evaluated: Tensor


@dataclass(frozen=True)
class Arm:
    """A form of paribus's networks."""

    name: str
    kernels: bool
    stacked: bool
    dtype: torch.dtype
    seldom: bool = False
    """Only for every fourth network."""

    @property
    def wide(self) -> bool:
        """Whether it computes in float64, where rounding explains next to nothing."""
        return self.dtype == torch.float64

    def run(self, case: Case, batches: Sequence[Sequence[Batch]]) -> list[Course]:
        """Train; ``batches`` of every member, of which a single network takes the first one's."""
        with _kernels(self.kernels):
            if self.stacked:
                return _stacked(case, batches, self.dtype)
            return [_single(case, batches[0], self.dtype)]


ARMS = (
    Arm("float64", kernels=False, stacked=False, dtype=torch.float64),
    Arm("float64, stacked", kernels=False, stacked=True, dtype=torch.float64),
    Arm("kernels", kernels=True, stacked=False, dtype=torch.float32),
    Arm("no kernels", kernels=False, stacked=False, dtype=torch.float32),
    Arm("kernels, stacked", kernels=True, stacked=True, dtype=torch.float32),
    Arm("no kernels, stacked", kernels=False, stacked=True, dtype=torch.float32, seldom=True),
)


@contextmanager
def _kernels(wanted: bool) -> Iterator[None]:
    native.use(native.build() if wanted else native.Built(None, "an arm of the fuzz without them"))
    try:
        yield
    finally:
        native.use(native.build())


def start_weights(case: Case, member: int) -> dict[str, np.ndarray]:
    """Draw a member's initial weights, and move those that begin at zero or one away from there."""
    model, _ = case.resolved()
    randomness = Randomness(case.seed, case.index, f"weights {member}").generator
    found = initial_weights(model, case.shape, member)
    for name, values in found.items():
        kind = name.rsplit("/", 1)[1]
        if kind in ("bias", "beta", "moving_mean"):
            values += randomness.normal(0, 0.1, values.shape).astype(np.float32)
        elif kind in ("gamma", "moving_variance"):
            values *= randomness.uniform(0.5, 1.5, values.shape).astype(np.float32)
    return found


def dropout_key(member: int, layer: str, epoch: int) -> int:
    """Return the 64 bits that key a layer's masks in an epoch."""
    return key(member, "dropout", layer, epoch) % (1 << 64)


def _loaded(case: Case, member: int, dtype: torch.dtype) -> Network:
    network = build_network(case.resolved()[0], case.shape)
    load_weights(network, start_weights(case, member))
    return network.to(dtype)


def _pixels(batches: Sequence[Batch], dtype: torch.dtype) -> Tensor:
    """(n, channel, height, width) in channels_last memory, as the engine's are."""
    images = np.concatenate([batch.images for batch in batches])
    return torch.from_numpy(images).to(dtype).permute(0, 3, 1, 2)


def _copies(tensors: Mapping[str, Tensor]) -> Tensors:
    return {
        name: tensor.detach().clone(memory_format=torch.contiguous_format)
        for name, tensor in tensors.items()
    }


def _gradients(tensors: Mapping[str, Tensor]) -> Tensors:
    return {
        name: torch.zeros_like(tensor) if tensor.grad is None else tensor.grad.detach().clone()
        for name, tensor in tensors.items()
        if tensor.requires_grad
    }


def _rates(case: Case, batches: Sequence[Batch]) -> list[float]:
    _, train = case.resolved()
    per_epoch = case.steps_per_epoch
    _, optimizer = train.built_optimizer()
    assert optimizer.learning_rate is not None
    return [
        learning_rate(
            train.built_schedule(),
            optimizer.learning_rate,
            step=step,
            num_steps=train.epochs * per_epoch,
            steps_per_epoch=per_epoch,
        )
        for step in range(len(batches))
    ]


def _single(case: Case, batches: Sequence[Batch], dtype: torch.dtype) -> Course:
    model, train = case.resolved()
    network = _loaded(case, 0, dtype).train()
    optimizer = build_optimizer(train, network.parameters(), model.defaults)
    loss = build_loss(train, network.final_activation, case.classes)
    steps, epoch = [], 0
    for batch, rate in zip(batches, _rates(case, batches), strict=True):
        if batch.epoch != epoch:
            epoch = batch.epoch
            network.begin_epoch(0, epoch)
        before = _copies(network.weight_tensors())
        raw = network(_pixels([batch], dtype))
        total = loss(raw, torch.from_numpy(batch.labels), "mean")
        penalty = network.penalty()
        if penalty is not None:
            total = total + penalty
        optimizer.zero_grad()
        total.backward()  # type: ignore[no-untyped-call]
        gradients = _gradients(network.weight_tensors())
        optimizer.learning_rate = rate
        optimizer.step()
        after = _copies(network.weight_tensors())
        steps.append(Step(before, raw.detach().clone(), total.detach(), gradients, after, rate))
    network.eval()
    with torch.inference_mode():
        evaluated = network(_pixels([batches[0]], dtype)).clone()
    return Course(0, steps, evaluated)


def _stacked(case: Case, batches: Sequence[Sequence[Batch]], dtype: torch.dtype) -> list[Course]:
    model, train = case.resolved()
    members = range(case.members)
    network = stack([_loaded(case, member, dtype) for member in members], case.way)  # type: ignore[arg-type]
    network.train()
    optimizer = build_optimizer(train, network.parameters(), model.defaults)
    loss = build_loss(train, network.final_activation, case.classes)
    courses: list[list[Step]] = [[] for _ in members]
    epoch = 0
    for step, rate in enumerate(_rates(case, batches[0])):
        now = [batches[member][step] for member in members]
        if now[0].epoch != epoch:
            epoch = now[0].epoch
            network.begin_epoch(_keys(members, epoch))
        before = _copies(network.weight_tensors())
        raw = network(_pixels(now, dtype))
        labels = torch.from_numpy(np.concatenate([batch.labels for batch in now]))
        total = loss(raw, labels, "none").view(len(members), -1).mean(1).sum()
        penalty = network.penalty()
        if penalty is not None:
            total = total + penalty
        optimizer.zero_grad()
        total.backward()  # type: ignore[no-untyped-call]
        gradients = _gradients(network.weight_tensors())
        optimizer.learning_rate = rate
        optimizer.step()
        after = _copies(network.weight_tensors())
        outputs = raw.detach().clone().view(len(members), -1, case.classes)
        for member in members:
            parts = [{k: v[member] for k, v in item.items()} for item in (before, gradients, after)]
            courses[member].append(Step(parts[0], outputs[member], None, parts[1], parts[2], rate))
    return _evaluated(network, case, batches, courses)


def _keys(members: Sequence[int], epoch: int) -> Callable[[str], Sequence[int]]:
    return lambda layer: [dropout_key(member, layer, epoch) for member in members]


def _evaluated(
    network: StackedNetwork, case: Case, batches: Sequence[Sequence[Batch]], courses: Any
) -> list[Course]:
    network.eval()
    dtype = next(iter(network.weight_tensors().values())).dtype
    with torch.inference_mode():
        raw = network(_pixels([batches[member][0] for member in range(case.members)], dtype))
    outputs = raw.clone().view(case.members, -1, case.classes)
    return [Course(m, steps, outputs[m]) for m, steps in enumerate(courses)]
