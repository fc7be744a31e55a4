"""A clean study of two variants, and the same with one thing changed."""

from paribus.judge.checks import all_checks
from paribus.judge.evidence import Evidence
from paribus.observed import Observed, RanOptimizer
from paribus.records import (
    DataDescription,
    DataFacts,
    EpochRecord,
    Plan,
    SelectRule,
    StoredTrial,
    Variant,
)
from paribus.store.observed_json import json_of_observed, observed_of
from tests.judge.made_up import DATA

ADAM = {"learning_rate": 0.001, "beta_1": 0.9}


MODEL = {
    "layers": [
        {"Conv2D": {"filters": 4}},
        {"BatchNormalization": {"momentum": 0.99}},
        {"Dense": {"units": 10}},
    ]
}


PLAIN = {"layers": [MODEL["layers"][0], MODEL["layers"][2]]}


TRAIN = {"optimizer": {"Adam": ADAM}, "batch_size": 100, "last_batch": "keep"}


def plan(*, model=MODEL, train=TRAIN, claims=()):
    own = (Variant("a", {}, DATA, model, train), Variant("b", {}, DATA, PLAIN, TRAIN))
    return Plan("s", "q", "a", {}, own, tuple(range(6)), claims, SelectRule())


def curve(accuracies, losses):
    return tuple(
        EpochRecord(
            k + 1, {"val_accuracy": a, "val_loss": v, "accuracy": a, "loss": v}, 1.0, 1.0, 0.1
        )
        for k, (a, v) in enumerate(zip(accuracies, losses, strict=True))
    )


CLEAN = curve([0.7, 0.85, 0.89, 0.90, 0.90, 0.90], [0.9, 0.5, 0.4, 0.36, 0.35, 0.35])


def trial(name, seed, **changes):
    values = {
        "curves": CLEAN,
        "metrics": {"accuracy": 0.92, "loss": 0.3, "val_accuracy": 0.9, "val_loss": 0.35},
        "observed": Observed(
            optimizer=RanOptimizer("Adam", "keras", ADAM),
            optimizer_steps=3000,
            train_examples=50_000,
            validation_examples=10_000,
        ),
        **changes,
    }
    return StoredTrial(f"{name}{seed}", name, {}, seed, "train", "done", 1, 6, 1.0, **values)


def study(**changes):
    """All trials; variant b takes the changes."""
    return [trial("a", k) for k in range(6)] + [trial("b", k, **changes) for k in range(6)]


def observed(**changes):
    """What a trial did, changed as in the JSON of a stored row."""
    plain = json_of_observed(trial("a", 0).observed)
    return {"observed": observed_of({**plain, **changes})}


def metrics(**changes):
    return {"metrics": {**trial("a", 0).metrics, **changes}}


def found(name, own, trials, facts=None, descriptions=None):
    return list(all_checks()[name](Evidence(own, trials, facts or {}, descriptions or {})))


def described(shape=(8, 8, 1), classes=tuple("0123456789")):
    """What is known of the data of both variants."""
    return dict.fromkeys(("a", "b"), DataDescription(shape, classes, {"train": 50_000}))


def facts(**changes):
    clean = {
        "class_counts": {"train": (100, 90), "validation": (20, 20), "test": (10, 10)},
        "repeated": 0,
        "shared": {"train, validation": 0, "train, test": 0, "validation, test": 0},
        "contradictory": 0,
    }
    return {"a": DataFacts(**{**clean, **changes}), "b": DataFacts(**{**clean, **changes})}


def probed(layers=(), gradients=(1e-2, 1e-2), **changes):
    rows = {f"h{k}/kernel": {"start": value, "end": value} for k, value in enumerate(gradients)}
    plain = {"examples": 250, "input_rms": 0.5, "layers": list(layers), "gradients": rows}
    return observed(probe={**plain, "twice": 0.0, "alone": 1e-7, **changes})
