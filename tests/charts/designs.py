"""A made-up factorial design."""

import numpy as np

from paribus.judge.results import StudyResults
from paribus.records import Plan, SelectRule, StoredTrial, Variant

LEVELS = {"depth": ("one", "two"), "reg": ("none", "l2", "bn"), "width": ("8", "16")}


def study(levels=LEVELS, seeds=4, metric="val_accuracy"):
    cells = [[]]
    for name, own in levels.items():
        cells = [[*cell, (name, level)] for cell in cells for level in own]
    variants = tuple(
        Variant("/".join(v for _, v in cell), dict(cell), {}, {}, {}) for cell in cells
    )
    plan = Plan("s", "q", variants[0].name, levels, variants, tuple(range(seeds)), (), SelectRule())
    draws = np.random.default_rng(0)
    trials = tuple(
        StoredTrial(f"{v.name}{k}", v.name, v.levels, k, "train", "done", 1, 1, 1.0, {metric: draws.uniform(0.6, 0.9)})
        for v in variants
        for k in range(seeds)
    )  # fmt: skip
    return plan, StudyResults("s", True, trials, (), (), (), None, (), ())
