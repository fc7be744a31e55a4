"""A study that is trained and judged in this process, with whatever was done to it.

The parts of the diagnosis benchmark that mistakes and clean studies share.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np
import torch

import paribus
from paribus.data.dataset import Dataset
from paribus.data.facts import data_facts, image_digests
from paribus.data.load import load_dataset
from paribus.data.prepare import PreparedData, prepare
from paribus.data.spec import DataSpec
from paribus.data.splits import split_ids
from paribus.engine.device_images import DeviceImages
from paribus.engine.history import Checkpoint
from paribus.engine.inspection.examine import examine
from paribus.engine.run import run_trial
from paribus.judge.results import StudyResults
from paribus.judge.summary import summarise
from paribus.nn.build import build_network, load_weights
from paribus.nn.spec import ModelSpec
from paribus.records import Plan, StoredTrial, Trial, TrialOutcome
from paribus.study.identity import plan_trials

__all__ = ["CLEAN", "Case", "Mapping", "changed", "digits", "run"]

Mapping = dict[str, Any]

CLEAN: Mapping = {
    "study": "clean",
    "data": {
        "source": "digits",
        "split": {"train": 0.5, "validation": 0.3, "test": 0.2, "seed": 1},
        "preprocess": ["scale"],
    },
    "model": {
        "layers": [
            {"Conv2D": {"name": "conv", "filters": 8, "kernel_size": 3, "activation": "relu"}},
            {"MaxPooling2D": {"name": "pool"}},
            "Flatten",
            {"Dense": {"name": "hidden", "units": 24, "activation": "relu"}},
            {"Dense": {"name": "output", "units": 10, "activation": "softmax"}},
        ]
    },
    "train": {"optimizer": {"Adam": {"learning_rate": 0.01}}, "epochs": 8, "batch_size": 32},
    "seeds": 5,
    "factors": {
        "dropout": {
            "none": None,
            "some": {"insert": {"after": "hidden", "layers": [{"Dropout": {"rate": 0.2}}]}},
        }
    },
    "select": {"test": "never"},
}


@dataclass
class Case:
    """A study and what is done to it."""

    study: Mapping = field(default_factory=lambda: copy.deepcopy(CLEAN))
    dataset: Callable[[Dataset], Dataset] = lambda data: data
    carried: str | None = None
    """Weights carried over: from the variant before, or from the seed before."""
    plan: Callable[[Plan], Plan] = lambda plan: plan
    trial: Callable[[StoredTrial], StoredTrial] = lambda trial: trial
    unseen: Dataset | None = None
    """Images that no part of the study has."""
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Identity of a trial -> what its trained network knows of the unseen images."""


@lru_cache(maxsize=1)
def digits() -> Dataset:
    """Return the clean data."""
    return load_dataset(DataSpec.parse(CLEAN["data"]))


def run(case: Case) -> StudyResults:
    """Train a study in this process and judge it."""
    torch.set_num_threads(1)
    planned = paribus.from_mapping(case.study).plan()
    data = case.dataset(digits())
    plan = _with_outputs(planned.plan, len(data.class_names))
    descriptions = {
        name: replace(item, class_names=tuple(data.class_names))
        for name, item in planned.descriptions.items()
    }
    fingerprints = {variant.name: data.fingerprint for variant in plan.variants}
    digests, stored, facts = image_digests(data), [], {}
    last: dict[str, Any] = {}
    for trial in plan_trials(plan, fingerprints, lambda _: 1):
        spec = DataSpec.parse(trial.variant.data)
        facts[trial.variant.name] = data_facts(
            data, split_ids(spec.split, data.labels, data.parts), digests
        )
        stored.append(case.trial(_trained(trial, data, spec, case, last)))
    return summarise(case.plan(plan), stored, facts=facts, descriptions=descriptions)


def _with_outputs(plan: Plan, classes: int) -> Plan:
    """Return a plan, made for all ten digits, with one output for each class that is left."""
    variants = []
    for variant in plan.variants:
        model = copy.deepcopy(dict(variant.model))
        model["layers"][-1]["Dense"]["units"] = classes
        variants.append(replace(variant, model=model))
    return replace(plan, variants=tuple(variants))


def _trained(
    trial: Trial, data: Dataset, spec: DataSpec, case: Case, last: dict[str, Any]
) -> StoredTrial:
    resume = None
    key = str(trial.seed) if case.carried == "variant" else trial.variant.name
    if case.carried and key in last:
        resume = last[key]
    records: list[Any] = []
    prepared = prepare(data, spec, seed=trial.seed)
    saved: list[Checkpoint] = []
    outcome = run_trial(trial, prepared, emit=records.append, resume=resume, save=saved.append)
    outcome = examine(trial, prepared, outcome)
    if case.unseen is not None and outcome.status == "done":
        case.answers[trial.identity] = _asked(trial, prepared, outcome, case.unseen)
    if saved:  # what was learned stays; the optimizer begins anew
        fresh = {name: np.zeros_like(value) for name, value in saved[-1].optimizer.items()}
        last[key] = Checkpoint((), dict(outcome.weights), fresh)
    return StoredTrial(
        identity=trial.identity,
        variant=trial.variant.name,
        levels=trial.variant.levels,
        seed=trial.seed,
        fit_on="train",
        status=outcome.status,
        attempts=1,
        epochs=outcome.epochs,
        wall_seconds=outcome.wall_seconds,
        metrics=outcome.metrics,
        curves=tuple(records),
        reason=outcome.reason,
        first_nonfinite=outcome.first_nonfinite,
        observed=outcome.observed,
    )


def _asked(
    trial: Trial, data: PreparedData, outcome: TrialOutcome, unseen: Dataset
) -> dict[str, Any]:
    """Return how many unseen images a trained network gets right, and their classes."""
    network = build_network(ModelSpec.parse(trial.variant.model), data.train_images.image_shape)
    load_weights(network, outcome.weights)
    network.eval()
    images = data.preprocessing.images(unseen.images, np.arange(len(unseen.images)))
    with torch.no_grad():
        raw = network(DeviceImages(images, torch.device("cpu")).batch(torch.arange(len(images))))
    right = int((raw.argmax(1).numpy() == unseen.labels).sum())
    return {"right": right, "counts": np.bincount(unseen.labels).tolist()}


def changed(path: str, value: Any, **more: Any) -> Case:
    """Return a clean case with one setting changed."""
    case = Case(**more)
    place = case.study
    *parents, name = path.split(".")
    for parent in parents:
        place = place[parent]
    place[name] = value
    return case
