"""Small trials of many layers, trained alone and together, and what makes two outcomes equal."""

from dataclasses import replace

import numpy as np
import pytest

import paribus
from paribus.data.load import load_dataset
from paribus.data.prepare import prepare
from paribus.data.spec import DataSpec
from paribus.engine.group import run_group
from paribus.engine.run import run_trial
from paribus.study.expand import expand
from paribus.study.identity import plan_trials
from paribus.study.load import study_from_mapping

SMALL = {"train": 0.2, "validation": 0.1, "test": 0.7, "seed": 1}


def study(layers, *, seeds=2, train=None, **more):
    training = {"optimizer": {"SGD": {"learning_rate": 0.05}}, "epochs": 2, "batch_size": 50}
    return {
        "study": "group",
        "data": {"source": "digits", "split": SMALL, "preprocess": ["scale"]},
        "model": {"layers": [*layers, {"Dense": {"units": 10, "activation": "softmax"}}]},
        "train": {**training, **(train or {})},
        "seeds": seeds,
        **more,
    }


def trials_of(mapping):
    plan = expand(study_from_mapping(mapping))
    return list(plan_trials(plan, {v.name: "digits" for v in plan.variants}, lambda _: 1))


def data_of(trials):
    spec = DataSpec.parse(trials[0].variant.data)
    return prepare(load_dataset(spec), spec, seed=0)


def alone(trials, data, **options):
    found = []
    for trial in trials:
        records = []
        found.append((run_trial(trial, data, emit=records.append, **options), records))
    return found


def together(trials, data, size=None, **options):
    records = [[] for _ in trials]
    outcomes = run_group(
        trials,
        data,
        group_size=size or len(trials),
        emit=lambda index, record: records[index].append(record),
        **options,
    )
    return list(zip(outcomes, records, strict=True))


def assert_close(one, other, tolerance=2e-4):
    (left, left_records), (right, right_records) = one, other
    assert (left.status, left.epochs) == (right.status, right.epochs)
    for a, b in zip(left_records, right_records, strict=True):
        assert a.epoch == b.epoch
        assert a.learning_rate == b.learning_rate
        for name, value in a.metrics.items():
            assert b.metrics[name] == pytest.approx(value, rel=tolerance, abs=tolerance), name
    assert left.weights.keys() == right.weights.keys()
    for name, value in left.weights.items():
        np.testing.assert_allclose(right.weights[name], value, rtol=0.02, atol=tolerance)
    first, again = left.observed.first_loss, right.observed.first_loss
    assert again == pytest.approx(first, rel=1e-5)
    assert replace(left.observed, first_loss=0) == replace(right.observed, first_loss=0)


def assert_same(one, other):
    (left, left_records), (right, right_records) = one, other
    assert [r.metrics for r in left_records] == [r.metrics for r in right_records]
    assert all((right.weights[name] == value).all() for name, value in left.weights.items())
    assert left.metrics == right.metrics


CONV = {"Conv2D": {"name": "conv", "filters": 6, "kernel_size": 3, "activation": "relu"}}


NETWORKS = {
    "lab": [
        CONV,
        {"MaxPooling2D": {}},
        {"Dropout": {"rate": 0.3}},
        "BatchNormalization",
        "Flatten",
        {"Dense": {"name": "hidden", "units": 12, "activation": "relu"}},
        {"Dropout": {"rate": 0.2}},
    ],
    "strides and padding": [
        {"Conv2D": {"filters": 4, "kernel_size": [3, 2], "strides": 2, "padding": "same"}},
        {"Conv2D": {"filters": 4, "kernel_size": 3, "padding": "same", "activation": "gelu"}},
        {"SpatialDropout2D": {"rate": 0.25}},
        "GlobalAveragePooling2D",
    ],
    "depthwise": [
        {"DepthwiseConv2D": {"kernel_size": 3, "depth_multiplier": 4}},
        {"SeparableConv2D": {"filters": 8, "kernel_size": 3, "activation": "relu"}},
        {"GroupNormalization": {"groups": 4}},
        "LayerNormalization",
        {"AveragePooling2D": {"pool_size": 2}},
        "Flatten",
    ],
    "residual": [
        {"Conv2D": {"filters": 4, "kernel_size": 3, "padding": "same"}},
        {
            "Residual": {
                "layers": [
                    # A bias before normalisation has no gradient but rounding, which Adam scales up.
                    {
                        "Conv2D": {
                            "filters": 4,
                            "kernel_size": 3,
                            "padding": "same",
                            "use_bias": False,
                        }
                    },
                    "BatchNormalization",
                    {"Dropout": {"rate": 0.1}},
                ],
                "activation": "relu",
            }
        },
        "GlobalMaxPooling2D",
        {"Rescaling": {"scale": 2.0}},
    ],
}


def variant(tiny, **train):
    tiny["train"] |= train
    return paribus.from_mapping(tiny).plan().plan.variants[0]
