"""The seeds of a claim: the value of its contrasts in each, and which of its sides collapsed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from paribus.judge.reading import metric_of
from paribus.judge.selection import higher_is_better
from paribus.judge.statistics.contrasts import Contrast
from paribus.judge.statistics.rates import Rate
from paribus.judge.statistics.sign_test import Signs
from paribus.records import Claim, StoredTrial

__all__ = ["ClaimSeeds", "Side", "claim_seeds"]


@dataclass(frozen=True)
class Side:
    """The variants on one side of a claim, and how often one of them collapsed."""

    name: str
    """Level or variant, as the claim calls it."""
    collapsed: Rate
    """Seeds in which any of the side's variants collapsed, among the ended seeds."""


@dataclass(frozen=True)
class ClaimSeeds:
    """Contrasts of a claim, with the metric and the collapses of its trials, seed by seed."""

    claim: Claim
    contrasts: tuple[Contrast, ...]
    """Contrasts of the claim, at least one."""
    ended: tuple[int, ...]
    """Seeds in which all trials of the claim are done or failed."""
    failed: Mapping[str, int]
    """Variant -> number of failed trials in these seeds; variants without any are left out."""
    collapsed: frozenset[tuple[str, int]]
    """(variant, seed) of the claim's trials that collapsed."""
    values: Mapping[tuple[str, int], float]
    """(variant, seed) -> the claim's metric, of done trials that have it."""
    resolution: float
    """Smallest possible difference between two accuracies, 1 / number of images; 0 if unknown."""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """All variants of the claim."""
        return tuple(dict.fromkeys(name for item in self.contrasts for name in item.weights))

    @cached_property
    def learned(self) -> tuple[int, ...]:
        """Ended seeds in which no variant of the claim collapsed."""
        return tuple(
            seed
            for seed in self.ended
            if not any((name, seed) in self.collapsed for name in self.names)
        )

    def valued(self, seeds: Sequence[int]) -> tuple[int, ...]:
        """Return those of ``seeds`` in which every variant has the claim's metric."""
        return tuple(s for s in seeds if all((name, s) in self.values for name in self.names))

    def value(self, contrast: Contrast, seed: int) -> float:
        """Return a contrast in one seed; differences by rounding alone are 0."""
        return contrast.value(self.values, seed, self.resolution)

    def sides(self) -> tuple[Side, ...]:
        """Return the sides of a difference or threshold, left first; none for other kinds."""
        if self.claim.kind not in ("difference", "threshold"):
            return ()
        names = (self.claim.left, self.claim.right)[: 1 if self.claim.kind == "threshold" else 2]
        return tuple(
            Side(
                name, Rate(sum(self._side_collapsed(sign, s) for s in self.ended), len(self.ended))
            )
            for name, sign in zip(names, (1, -1), strict=False)
        )

    def collapses(self) -> Signs:
        """Return in how many seeds more of the left side's networks collapsed than of the right's.

        With one variant on each side these are the seeds in which exactly one of the two collapsed.
        """
        return _signs([self._excess(seed) for seed in self.ended])

    def signs(self) -> Signs:
        """Return in how many ended seeds the contrast is above and below zero.

        A side that collapsed alone is the worse one: with an accuracy its value counts as lower, with
        a loss as higher. Seeds in which both sides collapsed are ties, and so are collapses where
        neither direction of the metric is better (the gap).
        """
        better = (
            0 if self.claim.metric == "gap" else 1 if higher_is_better(self.claim.metric) else -1
        )
        found = []
        for seed in self.ended:
            left, right = (self._side_collapsed(sign, seed) for sign in (1, -1))
            if left or right:
                found.append(float((int(right) - int(left)) * better))
            elif self.valued([seed]):
                found.append(self.value(self.contrasts[0], seed))
        return _signs(found)

    def _side_collapsed(self, sign: int, seed: int) -> bool:
        weights = self.contrasts[0].weights
        return any((name, seed) in self.collapsed for name, w in weights.items() if w * sign > 0)

    def _excess(self, seed: int) -> float:
        weights = self.contrasts[0].weights
        hit = {(name, seed): float((name, seed) in self.collapsed) for name in weights}
        return Contrast(weights).value(hit, seed)


def claim_seeds(
    claim: Claim,
    contrasts: Sequence[Contrast],
    trials: Mapping[str, Sequence[StoredTrial]],
    seeds: Sequence[int],
    collapsed: Collection[tuple[str, int]],
    images: Mapping[str, int],
) -> ClaimSeeds:
    """Collect the seeds of a claim.

    Args:
        claim: the claim.
        contrasts: its contrasts, at least one.
        trials: variant -> its trials fitted on the training set.
        seeds: seeds to use.
        collapsed: (variant, seed) of the trials that collapsed.
        images: split (``train``, ``validation``, ``test``) -> number of images; may lack any.
    """
    names = dict.fromkeys(name for contrast in contrasts for name in contrast.weights)
    wanted = set(seeds)
    own = [t for name in names for t in trials.get(name, ()) if t.seed in wanted]
    ended = {(t.variant, t.seed) for t in own if t.status in ("done", "failed")}
    found = tuple(seed for seed in seeds if all((name, seed) in ended for name in names))
    failed: dict[str, int] = {}
    for trial in own:
        if trial.status == "failed" and trial.seed in found:
            failed[trial.variant] = failed.get(trial.variant, 0) + 1
    return ClaimSeeds(
        claim=claim,
        contrasts=tuple(contrasts),
        ended=found,
        failed=failed,
        collapsed=frozenset(key for key in collapsed if key[0] in names),
        values={
            (trial.variant, trial.seed): value
            for trial in own
            if trial.status == "done" and (value := metric_of(trial, claim.metric)) is not None
        },
        resolution=_resolution(claim.metric, images),
    )


def _resolution(metric: str, images: Mapping[str, int]) -> float:
    name = metric.partition("@")[0]
    if not name.endswith("accuracy"):
        return 0.0
    part = {"val_accuracy": "validation", "test_accuracy": "test"}.get(name, "train")
    return 1 / images[part] if images.get(part) else 0.0


def _signs(values: Sequence[float]) -> Signs:
    plus, minus = sum(v > 0 for v in values), sum(v < 0 for v in values)
    return Signs(plus, minus, len(values) - plus - minus)
