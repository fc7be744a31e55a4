"""Whether a course of ten steps is what the referee computes, step by step.

At every step the referee starts from the arm's own weights, so a difference is one step's own and
no chaos of training can make or hide one. Equal steps from equal weights are equal courses.

The rule of rounding, for every tensor: its largest error against the float64 referee is at most
``FACTOR`` times the largest error of (a) the same referee in the arm's precision, (b) the float64 referee
with noise of ``LEVEL`` on every layer's output and gradient, and (c) the referee in the arm's precision
whose normalisations are PyTorch's, with and without that noise, plus ``FLOOR`` of its largest value.
(b) says how much rounding this very network magnifies. (c) is there since PyTorch computes the gradient of a
normalisation in closed form, ``(g - mean(g) - x' mean(g x')) / s``, which holds only for numbers x' whose mean is
exactly zero: behind nearly equal numbers, what is left of the mean is magnified by ``1 / s`` twice. That is PyTorch's
own rounding, and ours where we call it. Convolutions that may take Winograd's way
are allowed its published error (`COARSE`).

The rule of kinks: where relu's input or the lead of a pooling's winner is smaller than what
rounding moves it, either side is right. A step that only then differs is computed again by a
referee that takes the other side at single such places; it must then agree by the same rule.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from benchmarks.fuzz.arms import Course, Step, dropout_key
from benchmarks.fuzz.drawing.cases import Batch
from benchmarks.fuzz.plain import Flip, Pass, PlainNetwork
from benchmarks.fuzz.plain_training import objective, penalty

__all__ = ["FLOAT32", "Difference", "Exactness", "Referee", "Verdict", "exactness_of"]

FACTOR = 16.0


@dataclass(frozen=True)
class Exactness:
    """What an arm's arithmetic owes to the referee."""

    dtype: torch.dtype
    level: float
    """Relative noise that stands for the rounding of one operation."""
    floor: float
    """Share of a tensor's largest value that it may be off in any case."""


FLOAT32 = Exactness(torch.float32, 2.0**-21, 4e-6)
FLOAT64 = Exactness(torch.float64, 2.0**-50, 1e-12)
NEARLY_FLOAT64 = Exactness(torch.float64, 2.0**-24, 1e-6)
"""Networks with constants that paribus keeps in float32 in every arm: smoothed targets, the scale of
dropout, the factors of penalties."""
COARSE = 16.0
"""Of layers that may take Winograd's way, whose errors are up to so many times those of direct sums."""
_DRAWS = (6, 24)
"""Of noise: few say enough of most networks, more of those that magnify rounding very unevenly."""
_NEAR = 4.0
"""Times what is allowed, up to which more draws may still explain an error."""
_MOST_KINKS = 60
_MOST_FLIPS = 6
_HUGE = 1e15


@dataclass(frozen=True)
class Difference:
    """A tensor that is not the referee's."""

    what: str
    error: float
    allowed: float

    def __str__(self) -> str:
        return f"{self.what}: off by {self.error:.3g}, rounding explains {self.allowed:.3g}"


@dataclass
class Verdict:
    """What came out of comparing one course."""

    differences: list[Difference] = field(default_factory=list)
    steps: int = 0
    told: int = 0
    """Steps that agree once the referee is told the side of a kink."""
    undecided: int = 0
    """Steps with more kinks within reach of rounding than can be tried."""
    closest: float = 0.0
    """The largest error as a share of what was allowed."""


@dataclass(frozen=True)
class _Computed:
    values: dict[str, Tensor]
    kinks: dict[str, Tensor]
    drawn: dict[str, int]

    @property
    def finite(self) -> bool:
        return all(bool(torch.isfinite(item).all()) for item in self.values.values())

    @property
    def huge(self) -> bool:
        return any(float(item.abs().max()) > _HUGE for item in self.values.values() if item.numel())


class Referee:
    """Recomputes steps of a network from resolved settings."""

    def __init__(
        self, model: Mapping[str, Any], train: Mapping[str, Any], exactness: Exactness
    ) -> None:
        self.model, self.train, self.exactness = dict(model), dict(train), exactness
        self.network = PlainNetwork(self.model)
        self.coarse = set(_coarse_layers(self.model["layers"]))

    def course(self, course: Course, batches: list[Batch]) -> Verdict:
        """Compare all steps, and the evaluation behind them."""
        verdict = Verdict()
        used: dict[str, int] = {}
        epoch = 0
        for number, (step, batch) in enumerate(zip(course.steps, batches, strict=True)):
            if batch.epoch != epoch:
                epoch, used = batch.epoch, {}
            keys = {name: dropout_key(course.member, name, epoch) for name in self._dropouts()}
            drawn = self._step(step, batch, (keys, dict(used)), f"step {number + 1}", verdict)
            if drawn is None:
                return verdict
            verdict.steps += 1
            used = {name: used.get(name, 0) + drawn.get(name, 0) for name in {*used, *drawn}}
        self._evaluation(course, batches[0], verdict)
        return verdict

    def _dropouts(self) -> Iterator[str]:
        yield from (
            arguments["name"]
            for kind, arguments in _walk(self.model["layers"])
            if kind in ("Dropout", "SpatialDropout2D")
        )

    def _step(
        self, step: Step, batch: Batch, masks: Any, where: str, verdict: Verdict
    ) -> dict[str, int] | None:
        """Compare one step; None ends the course (numbers too large to go on, or a difference)."""
        ours = {"raw": step.raw, **{f"gradient of {k}": v for k, v in step.gradients.items()}}
        if step.objective is not None:
            ours["objective"] = step.objective
        ours |= {name: tensor for name, tensor in step.after.items() if _is_statistic(name)}
        job = _Job(self, step.before, batch, masks, training=True)
        return job.judge(ours, where, verdict)

    def _evaluation(self, course: Course, batch: Batch, verdict: Verdict) -> None:
        job = _Job(self, course.steps[-1].after, batch, ({}, {}), training=False)
        job.judge({"raw": course.evaluated}, "evaluation", verdict)


def exactness_of(model: Mapping[str, Any], train: Mapping[str, Any], *, wide: bool) -> Exactness:
    """Return what an arm owes: in float64 nearly everything, up to constants that are float32 anyway."""
    if not wide:
        return FLOAT32
    targets = "binary" in train["loss"] or (train["label_smoothing"] and "squared" in train["loss"])
    dropped = any(arguments.get("rate") for _, arguments in _walk(model["layers"]))
    punished = any(
        name.endswith("_regularizer")
        for _, arguments in _walk(model["layers"])
        for name in arguments
    )
    return NEARLY_FLOAT64 if targets or dropped or punished else FLOAT64


def _walk(layers: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for layer in layers:
        kind, arguments = next(iter(layer.items()))
        yield kind, arguments
        for inner in ("layers", "shortcut"):
            yield from _walk(arguments.get(inner, ()))


def _coarse_layers(layers: Any) -> Iterator[str]:
    for kind, arguments in _walk(layers):
        square = kind == "Conv2D" and arguments["kernel_size"] in ([3, 3], [5, 5])
        if square and arguments["strides"] == [1, 1] and arguments["filters"] >= 8:
            yield arguments["name"]


class _Job:
    """One step's computation, again and again: exact, in the arm's precision, with noise, with flips."""

    def __init__(
        self,
        referee: Referee,
        weights: Mapping[str, Tensor],
        batch: Batch,
        masks: Any,
        *,
        training: bool,
    ) -> None:
        self.referee, self.weights, self.batch = referee, weights, batch
        self.keys, self.used = masks
        self.training = training
        self.exact = self._compute(torch.float64)
        self._errors: dict[str, float] | None = None
        self._moved: dict[str, float] = {}

    def _compute(
        self,
        dtype: torch.dtype,
        *,
        noise: int | None = None,
        flips: frozenset[Flip] = frozenset(),
        kinks: bool = False,
        library: bool = False,
    ) -> _Computed:
        weights = {
            name: tensor.to(dtype, copy=True).requires_grad_(not _is_statistic(name))
            for name, tensor in self.weights.items()
        }
        referee = self.referee
        how = Pass(training=self.training, profile=referee.network.profile)
        how.keys, how.used, how.flips = self.keys, self.used, flips
        how.kinks = {} if kinks else None
        how.library = library
        if noise is not None:
            how.noise = torch.Generator().manual_seed(noise)
            how.level = referee.exactness.level
            how.coarse = dict.fromkeys(referee.coarse, COARSE * how.level)
        x = torch.from_numpy(self.batch.images).to(dtype).permute(0, 3, 1, 2).contiguous()
        raw = referee.network(x, weights, how)
        values = {"raw": raw.detach()}
        if self.training:
            labels = torch.from_numpy(self.batch.labels)
            total = objective(raw, labels, referee.train, referee.network.final)
            total = total + penalty(referee.model["layers"], weights)
            names = [name for name, tensor in weights.items() if tensor.requires_grad]
            found = torch.autograd.grad(total, [weights[n] for n in names], allow_unused=True)
            for name, gradient in zip(names, found, strict=True):
                missing = torch.zeros_like(weights[name])
                values[f"gradient of {name}"] = missing if gradient is None else gradient
            values["objective"] = total.detach()
            values |= how.statistics
        distances = {site: distance() for site, distance in (how.kinks or {}).items()}
        return _Computed(values, distances, how.drawn)

    def judge(
        self, ours: Mapping[str, Tensor], where: str, verdict: Verdict
    ) -> dict[str, int] | None:
        """Compare, and add what was found to the verdict."""
        if not self.exact.finite or self.exact.huge:
            return None
        worst = self._differences(ours)
        for draws in (1, *_DRAWS):
            near = draws < _DRAWS[1] or all(d.error <= _NEAR * d.allowed for d in worst)
            if worst and near:
                if not self._measure_rounding(draws):
                    return None
                worst = self._differences(ours)
        verdict.closest = max(verdict.closest, *self._shares(ours, self.exact))
        if worst and all(item.what.startswith("gradient") for item in worst):
            flips, many = self._told(ours)
            verdict.told += bool(flips)
            verdict.undecided += many and not flips
            worst = [] if flips or many else worst
        if worst:
            worst.sort(key=lambda item: item.error / max(item.allowed, 1e-300), reverse=True)
            verdict.differences += [
                Difference(f"{where}, {item.what}", item.error, item.allowed) for item in worst
            ]
            return None
        return self.exact.drawn

    def _allowed(self, name: str) -> float:
        largest = _largest(self.exact.values[name])
        floor = self.referee.exactness.floor * largest
        layer = name.removeprefix("gradient of ").rsplit("/", 1)[0]
        if layer in self.referee.coarse and self.referee.exactness is FLOAT32:
            floor *= COARSE
        return floor + FACTOR * (self._errors or {}).get(name, 0.0)

    def _differences(self, ours: Mapping[str, Tensor]) -> list[Difference]:
        found = []
        for name, own in ours.items():
            error, allowed = _error(own, self.exact.values[name]), self._allowed(name)
            if not error <= allowed:
                found.append(Difference(name, error, allowed))
        return found

    def _shares(self, ours: Mapping[str, Tensor], theirs: _Computed) -> Iterator[float]:
        for name, own in ours.items():
            error = _error(own, theirs.values[name])
            yield error / max(self._allowed(name), 1e-300) if error else 0.0

    def _measure_rounding(self, draws: int) -> bool:
        """Say how far rounding moves each tensor; False where it leads to no number at all."""
        kinks = draws in _DRAWS
        exact = self._compute(torch.float64, kinks=True) if kinks else self.exact
        own = self.referee.exactness.dtype
        others = [self._compute(torch.float64, noise=k, kinks=kinks) for k in range(draws)]
        others.append(self._compute(own, kinks=kinks))
        others.append(self._compute(own, kinks=kinks, library=True))
        others += [self._compute(own, noise=k, kinks=kinks, library=True) for k in range(draws)]
        if not all(other.finite for other in others):
            return False
        self._errors = {
            name: max(_error(other.values[name], value) for other in others)
            for name, value in exact.values.items()
        }
        self._moved = {
            site: max(_error(other.kinks[site], value) for other in others)
            for site, value in exact.kinks.items()
        }
        self.exact = exact
        return True

    def _told(self, ours: Mapping[str, Tensor]) -> tuple[frozenset[Flip], bool]:
        """Return kinks whose other side makes the referee agree (or none); and whether there are too many."""
        candidates = sorted(self._kinks())
        if len(candidates) > _MOST_KINKS:
            return self._told_in_groups(ours, [flip for _, flip in candidates]), True
        taken: frozenset[Flip] = frozenset()
        best = max(self._shares(ours, self.exact))
        for _ in range(_MOST_FLIPS):
            tried = []
            for _, flip in candidates:
                flips = taken ^ {flip}
                share = max(self._shares(ours, self._compute(torch.float64, flips=flips)))
                tried.append((share, sorted(flips)))
            if not tried or min(tried)[0] >= best:
                return frozenset(), False
            best, chosen = min(tried)
            taken = frozenset(chosen)
            if best <= 1:
                return taken, False
        return frozenset(), False

    def _told_in_groups(self, ours: Mapping[str, Tensor], flips: list[Flip]) -> frozenset[Flip]:
        """A channel without variance has all its places at the kink: try all of a site at once."""
        for site in sorted({name for name, _ in flips}):
            group = frozenset(flip for flip in flips if flip[0] == site)
            if max(self._shares(ours, self._compute(torch.float64, flips=group))) <= 1:
                return group
        return frozenset()

    def _kinks(self) -> Iterator[tuple[float, Flip]]:
        """Places nearer to a kink than rounding moves them, nearest first after sorting."""
        for site, distances in self.exact.kinks.items():
            reach = FACTOR * self._moved[site]
            flat = distances.flatten()
            for position in torch.nonzero(flat <= reach).flatten().tolist():
                yield float(flat[position]), (site, position)


def _is_statistic(name: str) -> bool:
    return name.rsplit("/", 1)[1].startswith("moving_")


def _largest(x: Tensor) -> float:
    return float(x.abs().max()) if x.numel() else 0.0


def _error(one: Tensor, other: Tensor) -> float:
    if not one.numel():
        return 0.0
    difference = one.to(torch.float64) - other.to(torch.float64)
    both = torch.where(one.to(torch.float64) == other.to(torch.float64), 0.0, difference)
    worst = float(both.abs().max())
    return math.inf if math.isnan(worst) else worst
