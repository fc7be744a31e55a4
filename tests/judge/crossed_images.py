"""Made-up predictions of seeds crossed with images."""

import numpy as np

from paribus.judge.marks import Marks
from paribus.records import Claim, Plan, SelectRule, StoredTrial, Variant

CLAIM = Claim("c", "says", "reg", "bn", ">", "none", "val_accuracy", margin=0.01)


IDS = np.arange(50, 350)


def study(seeds, *, gain=0.05, images=300, other_ids=False):
    """Trials of two variants, with marks of every image."""
    own = tuple(Variant(name, {"reg": name}, {}, {}, {}) for name in ("none", "bn"))
    plan = Plan(
        "s", "q", "none", {"reg": ("none", "bn")}, own, tuple(range(seeds)), (), SelectRule()
    )
    draws = np.random.default_rng(3)
    hard = draws.random(images)
    marks, trials = {}, []
    for name in ("none", "bn"):
        for seed in range(seeds):
            right = hard + draws.normal(0, 0.05, images) > 0.3 - gain * (name == "bn")
            ids = IDS[:images] + (name == "bn") * other_ids
            marks[name, seed] = Marks(ids, right)
            metrics = {"val_accuracy": float(right.mean())}
            trials.append(
                StoredTrial(f"{name}{seed}", name, {"reg": name}, seed, "train", "done", 1, 1, 1.0, metrics)
            )  # fmt: skip
    return plan, trials, lambda name, seed, metric: marks.get((name, seed))
