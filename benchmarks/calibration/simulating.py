"""Simulated studies whose truth is known, judged by the product's own functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from paribus.judge.claims.claim_row import ClaimRow
from paribus.judge.claims.evidence import claim_evidence
from paribus.judge.claims.family import judge_claims
from paribus.judge.marks import Marks
from paribus.observed import Observed
from paribus.records import Claim, Plan, SelectRule, StoredTrial, Variant

__all__ = [
    "NOISES",
    "SEEDS",
    "Truth",
    "difference",
    "judged",
    "levels_plan",
    "simulated",
    "simulated_images",
    "simulated_trial",
    "two_by_two",
]

SEEDS = 10
SPREAD = 0.008
"""Standard deviation of a variant's own part of the accuracy."""
COMMON = 0.01
"""Standard deviation of the part that all variants of a seed share."""
CHANCE = 0.1
EXAMPLES = 5_000
"""Training images, by which collapse is recognised."""
SEEN = Observed(train_examples=EXAMPLES, class_counts={"train": (EXAMPLES // 10,) * 10})
MODEL = {"layers": [{"Dense": {"units": 10}}]}

Draw = Callable[[np.random.Generator], float]


def _normal(draws: np.random.Generator) -> float:
    return float(draws.normal(0, SPREAD))


def _heavy(draws: np.random.Generator) -> float:
    """Draw from a t distribution with 3 degrees of freedom, of the same spread."""
    return float(draws.standard_t(3)) * SPREAD / 3**0.5


def _skewed(draws: np.random.Generator) -> float:
    """Draw from an exponential distribution with a long tail below, of mean 0 and the same spread."""
    return SPREAD * (1 - float(draws.exponential()))


NOISES: dict[str, Draw] = {"normal": _normal, "heavy tails": _heavy, "skewed": _skewed}


@dataclass(frozen=True)
class Truth:
    """What is true of a simulated study."""

    gains: dict[str, float]
    """Variant -> how much its accuracy, where it learns, exceeds the one of the others."""
    noise: str = "normal"
    """Distribution of each variant's own part."""
    noisy: str = ""
    """Variant that alone has this noise, the others' being normal; empty for all."""
    collapse: tuple[tuple[str, float], ...] = ()
    """(variant, probability of collapse)."""

    def accuracy(self, name: str, common: float, draws: np.random.Generator) -> float:
        """Draw the accuracy of one trial."""
        rate = dict(self.collapse).get(name, 0.0)
        collapsed = draws.random() < rate if rate else False
        noise = NOISES[self.noise if self.noisy in ("", name) else "normal"](draws)
        return CHANCE if collapsed else 0.8 + common + noise + self.gains.get(name, 0.0)


def two_by_two(claims: Sequence[Claim], looks: tuple[int, ...] = (), seeds: int = SEEDS) -> Plan:
    """Return a study of two factors with two levels."""
    return _plan({"depth": ("one", "two"), "reg": ("none", "bn")}, claims, looks, seeds)


def levels_plan(
    levels: Sequence[str], claims: Sequence[Claim], looks: tuple[int, ...] = (), seeds: int = SEEDS
) -> Plan:
    """Return a study of one factor, ``reg``."""
    return _plan({"reg": tuple(levels)}, claims, looks, seeds)


def _plan(
    factors: dict[str, tuple[str, ...]],
    claims: Sequence[Claim],
    looks: tuple[int, ...],
    seeds: int,
) -> Plan:
    names: list[dict[str, str]] = [{}]
    for factor, levels in factors.items():
        names = [{**name, factor: level} for name in names for level in levels]
    variants = tuple(Variant("/".join(name.values()), name, {}, MODEL, {}) for name in names)
    return Plan(
        study="simulated",
        question="",
        baseline=variants[0].name,
        factors=factors,
        variants=variants,
        seeds=tuple(range(looks[-1] if looks else seeds)),
        claims=tuple(claims),
        select=SelectRule(),
        looks=looks,
    )


def difference(name: str, left: str, operator: str, right: str, **more: object) -> Claim:
    """Return a claim about validation accuracy with a margin of one point."""
    values: dict[str, object] = {
        "factor": "reg",
        "margin": 0.01,
        "metric": "val_accuracy",
        "kind": "difference",
        **more,
    }
    return Claim(name, name, left=left, operator=operator, right=right, **values)  # type: ignore[arg-type]


def simulated(plan: Plan, truth: Truth, draws: np.random.Generator) -> list[StoredTrial]:
    """Draw the trials of one study; a threshold claim takes the common part away, so that it is exact."""
    shared = 0.0 if any(claim.kind == "threshold" for claim in plan.claims) else COMMON
    trials = []
    for seed in plan.seeds:
        common = draws.normal(0, shared) if shared else 0.0
        for variant in plan.variants:
            accuracy = truth.accuracy(variant.name, common, draws)
            trials.append(simulated_trial(variant, seed, accuracy))
    return trials


def simulated_trial(variant: Variant, seed: int, accuracy: float) -> StoredTrial:
    """Return a finished trial whose training and validation accuracy are the same."""
    return StoredTrial(
        identity=f"{variant.name}/{seed}",
        variant=variant.name,
        levels=variant.levels,
        seed=seed,
        fit_on="train",
        status="done",
        attempts=1,
        epochs=1,
        wall_seconds=1.0,
        metrics={"val_accuracy": accuracy, "accuracy": accuracy},
        observed=SEEN,
    )


def judged(
    plan: Plan, trials: Sequence[StoredTrial], *, extended: bool = False
) -> tuple[ClaimRow, ...]:
    """Judge the claims of a study."""
    return judge_claims(plan.claims, claim_evidence(plan, trials), extended=extended)


def simulated_images(
    plan: Plan, gain: float, images: int, draws: np.random.Generator
) -> tuple[ClaimRow, ...]:
    """Judge one study whose images are a sample: some are hard, some hard for one variant only.

    An image is right where a normal draw of the seed stays below the variant's level plus what the
    image adds; so the accuracy on the source is known, and ``gain`` is what batch normalisation
    gains there.
    """
    of_images, of_pairs, of_seeds = 1.0, 0.4, 0.03
    total = (1 + of_images**2 + of_pairs**2 + of_seeds**2) ** 0.5
    hard = draws.normal(0, of_images, images)
    marks: dict[tuple[str, int], Marks] = {}
    trials = []
    ids = np.arange(images)
    for variant in plan.variants:
        accuracy = 0.8 + gain * (variant.levels["reg"] == "bn")
        level = float(ndtri(accuracy)) * total
        image_level = level + hard + draws.normal(0, of_pairs, images)
        for seed in plan.seeds:
            shift = draws.normal(0, of_seeds)
            right = draws.normal(0, 1, images) < image_level + shift
            marks[variant.name, seed] = Marks(ids, right)
            trials.append(simulated_trial(variant, seed, float(right.mean())))
    evidence = claim_evidence(plan, trials, lambda name, seed, _: marks[name, seed])
    return judge_claims(plan.claims, evidence)
