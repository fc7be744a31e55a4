"""Claims as linear contrasts (weights on variants), so that one pipeline judges all kinds of claims."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from paribus.records import Claim, Plan, Variant

__all__ = ["Contrast", "contrasts_of", "neighbour_contrasts", "pair_contrasts"]

Values = Mapping[tuple[str, int], float]
"""(variant, seed) -> value of the claim's metric."""


ROUNDING = 1e-14
"""A contrast at most this fraction of the sum of its absolute terms is a rounding error, and zero."""
RESOLVED = 1e-3
"""A contrast of accuracies at most this fraction of one image is a rounding error, and zero."""


@dataclass(frozen=True)
class Contrast:
    """A linear contrast: for each seed, the weighted sum of the variants' metric minus a constant.

    Example: ``Contrast({"dropout": 1.0, "base": -1.0})`` is the paired difference dropout - base.
    """

    weights: Mapping[str, float]
    constant: float = 0.0

    def value(self, values: Values, seed: int, resolution: float = 0.0) -> float:
        """Return the contrast of one seed; values within rounding error of zero are exactly 0.

        Args:
            values: (variant, seed) -> the metric.
            seed: the seed.
            resolution: smallest possible difference between two values, for accuracies 1 / number
                of images; 0 if unknown. Accuracies that are stored in single precision differ by
                rounding alone where the counts of images are equal.
        """
        parts = [*(w * values[name, seed] for name, w in self.weights.items()), -self.constant]
        found = math.fsum(parts)
        rounding = max(ROUNDING * math.fsum(map(abs, parts)), RESOLVED * resolution)
        return 0.0 if abs(found) <= rounding else found


def contrasts_of(claim: Claim, plan: Plan) -> tuple[Contrast, ...]:
    """Return the contrasts that a claim is about; none if its variants are not part of the plan.

    Only variants whose levels of all other factors occur on both sides are used, so that nothing but
    the claimed factor differs between the sides. An interaction with a factor of k levels has k - 1
    contrasts; every other kind of claim has one.
    """
    if claim.kind == "threshold":
        cells = _cells(claim, claim.left, plan)
        return (Contrast(_mean(cells), claim.threshold),) if cells else ()
    if claim.kind == "trend":
        return _trend(claim, plan)
    if claim.kind == "interaction":
        return _interaction(claim, plan)
    found = _difference(claim, plan, claim.within)
    return (found,) if found else ()


def neighbour_contrasts(claim: Claim, plan: Plan) -> tuple[Contrast, ...]:
    """Return the steps of a trend as contrasts, each level minus the next lower one."""
    levels = _ordered(claim, plan)
    return tuple(
        _summed(_mean(levels[k + 1]), _mean(levels[k]), -1.0) for k in range(len(levels) - 1)
    )


def pair_contrasts(claim: Claim, plan: Plan) -> tuple[Contrast, ...]:
    """Return the differences between every two levels of an interaction or a trend.

    For an interaction these are the differences of the claimed difference between two levels of the
    other factor; all of them are zero if nothing depends on it. Their order and number do not depend
    on which level comes first. Other kinds of claims have none.
    """
    if claim.kind == "trend":
        sides: list[Mapping[str, float]] = [_mean(cells) for cells in _ordered(claim, plan)]
    elif claim.kind == "interaction":
        sides = [] if (parts := _differences(claim, plan)) is None else [p.weights for p in parts]
    else:
        return ()
    return tuple(_summed(high, low, -1.0) for low, high in combinations(sides, 2))


def _trend(claim: Claim, plan: Plan) -> tuple[Contrast, ...]:
    """Return the contrast slope x (levels - 1), with the least-squares slope over ranks of levels.

    It is the change from the lowest to the highest level along the fitted line.
    """
    levels = _ordered(claim, plan)
    count = len(levels)
    if count < 2:
        return ()
    centre = (count - 1) / 2
    scale = (count - 1) / math.fsum((k - centre) ** 2 for k in range(count))
    weights: dict[str, float] = {}
    for rank, cells in enumerate(levels):
        for name, weight in _mean(cells).items():
            weights[name] = (rank - centre) * scale * weight
    return (Contrast(weights),)


def _ordered(claim: Claim, plan: Plan) -> list[list[str]]:
    """Return the variant names of each level, lowest level first.

    Only combinations of the other factors that exist at every level are kept.
    """
    found = [_matched(claim.factor, level, claim.within, plan) for level in claim.levels]
    common = set.intersection(*(set(cells) for cells in found)) if found else set()
    return [[cells[key] for key in sorted(common)] for cells in found] if common else []


def _interaction(claim: Claim, plan: Plan) -> tuple[Contrast, ...]:
    parts = _differences(claim, plan)
    if parts is None:
        return ()
    return tuple(_summed(part.weights, parts[0].weights, -1.0) for part in parts[1:])


def _differences(claim: Claim, plan: Plan) -> list[Contrast] | None:
    """Return the claimed difference at every level of the other factor; None if one is missing."""
    levels = plan.factors[claim.other]
    found = [_difference(claim, plan, {**claim.within, claim.other: level}) for level in levels]
    known = [part for part in found if part is not None]
    return known if len(known) == len(levels) else None


def _difference(claim: Claim, plan: Plan, within: Mapping[str, str]) -> Contrast | None:
    if not claim.factor:
        names = {variant.name for variant in plan.variants}
        if not {claim.left, claim.right} <= names:
            return None
        return Contrast({claim.left: 1.0, claim.right: -1.0})
    left = _matched(claim.factor, claim.left, within, plan)
    right = _matched(claim.factor, claim.right, within, plan)
    common = sorted(set(left) & set(right))
    if not common:
        return None
    return _summed(_mean([left[k] for k in common]), _mean([right[k] for k in common]), -1.0)


def _matched(
    factor: str, level: str, within: Mapping[str, str], plan: Plan
) -> dict[tuple[tuple[str, str], ...], str]:
    """Return levels of the other factors -> name of the variant with ``factor`` at ``level``."""
    fixed = {**within, factor: level}
    return {
        tuple(sorted((k, v) for k, v in variant.levels.items() if k != factor)): variant.name
        for variant in plan.variants
        if _has(variant, fixed)
    }


def _cells(claim: Claim, level: str, plan: Plan) -> list[str]:
    if not claim.factor:
        return [variant.name for variant in plan.variants if variant.name == level]
    fixed = {**claim.within, claim.factor: level}
    return [variant.name for variant in plan.variants if _has(variant, fixed)]


def _has(variant: Variant, levels: Mapping[str, str]) -> bool:
    return all(variant.levels.get(factor) == level for factor, level in levels.items())


def _mean(names: Sequence[str]) -> dict[str, float]:
    return {name: 1 / len(names) for name in names}


def _summed(one: Mapping[str, float], other: Mapping[str, float], factor: float) -> Contrast:
    names = dict.fromkeys([*one, *other])
    weights = {name: one.get(name, 0.0) + factor * other.get(name, 0.0) for name in names}
    return Contrast({name: weight for name, weight in weights.items() if weight})
