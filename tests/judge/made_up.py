"""Plans and trials that were never trained."""

import numpy as np

from paribus.judge.verdicts import judge_difference, primary_p
from paribus.records import Claim, Plan, SelectRule, StoredTrial, Variant

DATA = {"source": "digits", "split": {"validation": 0.2}, "preprocess": [{"scale": {}}]}


def variant(name, levels, **more):
    return Variant(name, levels, more.get("data", DATA), {}, {}, warnings=more.get("warnings", ()))


def plan(*, seeds=10, claims=(), select=None, variants=None):
    cells = [(d, r) for d in ("one", "two") for r in ("none", "bn")]
    own = variants or tuple(variant(f"{d}/{r}", {"depth": d, "reg": r}) for d, r in cells)
    factors = {"depth": ("one", "two"), "reg": ("none", "bn")}
    return Plan(
        "s",
        "q?",
        own[0].name,
        factors,
        own,
        tuple(range(seeds)),
        tuple(claims),
        select or SelectRule(),
    )


def trial(name, seed, accuracy, **more):
    metrics = {
        "accuracy": accuracy,
        "loss": 1.0,
        "val_accuracy": accuracy,
        "val_loss": 1 - accuracy,
    }
    values = {"status": "done", "fit_on": "train", "metrics": metrics, **more}
    return StoredTrial(
        f"{name}{seed}{values['fit_on']}",
        name,
        {},
        seed,
        attempts=1,
        epochs=1,
        wall_seconds=1.0,
        **values,
    )


def trials(values, seeds=10):
    """Variant -> base accuracy; every seed adds its own common part and some noise."""
    draws = np.random.default_rng(0)
    common = draws.normal(0, 0.02, seeds)
    return [
        trial(name, k, float(base + common[k] + draws.normal(0, 0.002)))
        for name, base in values.items()
        for k in range(seeds)
    ]


GOOD = {"one/none": 0.80, "one/bn": 0.85, "two/none": 0.70, "two/bn": 0.72}


def claim(says_left="bn", operator=">", right="none", **more):
    values = {"factor": "reg", "metric": "val_accuracy", "margin": 0.01, **more}
    return Claim("c", "says", left=says_left, operator=operator, right=right, **values)


def judged(sample, operator, margin):
    """The verdict of a claim that is the only one."""
    p = primary_p(sample, operator, margin)
    return judge_difference(sample, operator, margin, adjusted_p=p)
