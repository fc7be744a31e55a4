"""Claims as linear contrasts (weights on variants), so that one pipeline judges all kinds of claims."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from paribus.records import Claim, Plan, Variant

__all__ = ["Contrast", "contrasts_of", "neighbour_contrasts"]

Values = Mapping[tuple[str, int], float]
"""(variant, seed) -> value of the claim's metric."""


ROUNDING = 1e-14
"""A contrast at most this fraction of the sum of its absolute terms is a rounding error, and zero."""


@dataclass(frozen=True)
class Contrast:
    """A linear contrast: for each seed, the weighted sum of the variants' metric minus a constant.

    Example: ``Contrast({"dropout": 1.0, "base": -1.0})`` is the paired difference dropout - base.
    """

    weights: Mapping[str, float]
    constant: float = 0.0

    def value(self, values: Values, seed: int) -> float:
        """Return the contrast of one seed; values within rounding error of zero (`ROUNDING`) are 0."""
        parts = [*(w * values[name, seed] for name, w in self.weights.items()), -self.constant]
        found = math.fsum(parts)
        return 0.0 if abs(found) <= ROUNDING * math.fsum(map(abs, parts)) else found


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
    levels = plan.factors[claim.other]
    parts = [_difference(claim, plan, {**claim.within, claim.other: level}) for level in levels]
    first = parts[0]
    if first is None or any(part is None for part in parts):
        return ()
    return tuple(
        _summed(part.weights, first.weights, -1.0) for part in parts[1:] if part is not None
    )


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
