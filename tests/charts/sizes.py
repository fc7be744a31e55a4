"""A made-up study of several training-set sizes."""

import copy

import paribus
from paribus.judge.results import StudyResults, VariantSummary
from paribus.judge.statistics.effects import Interval
from paribus.records import StoredTrial


def planned(tiny, **changes):
    return paribus.from_mapping({**copy.deepcopy(tiny), "claims": [], **changes}).plan()


def results(plan, metrics=("accuracy", "val_accuracy"), examples=None, seconds=30.0):
    """Every variant's trials, of which the first seed's refit and a failed one must not count."""
    trials = [
        StoredTrial(
            f"{v.name}{seed}", v.name, v.levels, seed, "train", "done", 1, 1, seconds * (1 + seed),
            dict.fromkeys(metrics, 0.5 + 0.1 * seed),
            observed={"train_examples": (examples or {}).get(v.name, 100)},
        )
        for v in plan.variants
        for seed in (0, 1)
    ]  # fmt: skip
    first = plan.variants[0]
    trials += [
        StoredTrial("r", first.name, {}, 0, "train+validation", "done", 1, 1, 6000.0, {}),
        StoredTrial("f", first.name, {}, 2, "train", "failed", 1, 1, 6000.0, {}),
    ]
    mean = Interval(0.55, 0.5, 0.6, 0.1, 2)
    rows = [
        VariantSummary(v.name, v.levels, 2, 0, dict.fromkeys(metrics, mean)) for v in plan.variants
    ]
    return StudyResults("s", True, tuple(trials), tuple(rows), (), (), None, (), ())
