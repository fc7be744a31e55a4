"""Claims about values of few seeds."""

import itertools

import numpy as np

from paribus.records import Claim, Plan, SelectRule, StoredTrial, Variant
from tests.judge.judging import judged


def variants(levels):
    factors = tuple(levels)
    for combination in itertools.product(*levels.values()):
        names = dict(zip(factors, combination, strict=True))
        yield Variant("/".join(combination), names, {}, {}, {})


LEVELS = {"size": ("large-64", "small-8", "mid-32"), "reg": ("none", "bn"), "depth": ("one", "two")}


def plan(seeds=8, claims=(), levels=LEVELS):
    own = tuple(variants(levels))
    return Plan("s", "q", own[0].name, levels, own, tuple(range(seeds)), claims, SelectRule())


def trials(own, accuracy, noise=0.001):
    draws = np.random.default_rng(1)
    common = {seed: draws.normal(0, 0.05) for seed in own.seeds}
    return [
        StoredTrial(
            identity=f"{v.name}{seed}",
            variant=v.name,
            levels=v.levels,
            seed=seed,
            fit_on="train",
            status="done",
            attempts=1,
            epochs=1,
            wall_seconds=1.0,
            metrics={"val_accuracy": accuracy(v.levels) + common[seed] + draws.normal(0, noise)},
        )
        for v in own.variants
        for seed in own.seeds
    ]


def claim(kind, **fields):
    values = {"factor": "", "left": "", "operator": ">", "right": "", "metric": "val_accuracy"}
    return Claim("c", "says", kind=kind, margin=0.01, **{**values, **fields})


def rows(claims, accuracy, noise=0.001, own=None):
    own = own or plan()
    return judged(claims, own, trials(own, accuracy, noise))
