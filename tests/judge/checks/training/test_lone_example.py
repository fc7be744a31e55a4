"""Batches that leave too few places to normalise."""

import re
from dataclasses import replace

import pytest

from tests.judge.checks.studied import TRAIN, described, found, observed, plan, study

NORM = {"BatchNormalization": {"name": "norm", "momentum": 0.9}}


BEHIND = {
    "dense": {"layers": [{"Flatten": {}}, {"Dense": {"units": 9}}, NORM, {"Dense": {"units": 10}}]},
    "pool": {
        "layers": [
            {"Conv2D": {"filters": 4, "kernel_size": 3}},
            {"BatchNormalization": {"name": "early"}},
            {"MaxPooling2D": {"pool_size": 3}},
            {"Residual": {"layers": [NORM]}},  # 2 x 2 places of an 8 x 8 image
            {"Flatten": {}},
            {"Dense": {"units": 10}},
        ]
    },
}


def noisy(values):
    """1 / sqrt(2 (n - 1)); one value has no spread."""
    if values == 1:
        return "the standard deviation of one value is 0"
    share = {2: 71, 4: 41, 5: 35}[values]
    return f"such a standard deviation is off by about {share}%, if the values are independent"


@pytest.mark.parametrize(
    ("place", "train", "examples", "evidence"),
    [
        ("dense", {}, 50_001, "the last batch of every epoch has 1 example, so norm takes mean and standard deviation of a channel from 1 value"),
        ("dense", {}, 50_005, "the last batch of every epoch has 5 examples, so norm takes mean and standard deviation of a channel from 5 values"),
        ("dense", {}, 50_006, None),
        ("dense", {"last_batch": "drop"}, 50_001, None),
        ("dense", {"steps_per_epoch": 7}, 50_001, None),
        ("dense", {"batch_size": 2}, 50_000, "every batch has 2 examples, so norm takes mean and standard deviation of a channel from 2 values"),
        ("dense", {"batch_size": 5}, 50_001, "every batch has 5 examples, so norm takes mean and standard deviation of a channel from 5 values"),
        ("dense", {"batch_size": 6}, 49_998, None),
        ("pool", {"batch_size": 2}, 50_000, None),
        ("pool", {"batch_size": 1}, 50_000, "every batch has 1 example, so norm takes mean and standard deviation of a channel from 4 values (4 per example)"),
        ("pool", {}, 50_001, "the last batch of every epoch has 1 example, so norm takes mean and standard deviation of a channel from 4 values (4 per example)"),
        ("pool", {}, 50_002, None),
    ],
)  # fmt: skip
def test_batches_that_leave_too_few_places_to_normalise(place, train, examples, evidence):
    if evidence:
        evidence += f"; {noisy(int(re.findall(r'from (.) value', evidence)[0]))}"
    own = plan(model=BEHIND[place], train={**TRAIN, **train})
    trials = [replace(t, **observed(train_examples=examples)) for t in study()]
    findings = [
        item
        for item in found("lone_example", own, trials, descriptions=described())
        if item.where == "a"
    ]
    assert [item.evidence for item in findings] == ([evidence] if evidence else [])
    for item in findings:  # dropping the last batch helps only where the others are larger
        assert ("last_batch" in item.advice) == ("last batch" in item.evidence)


def test_places_are_counted_in_the_images_that_arrive():
    own = plan(model=BEHIND["pool"], train={**TRAIN, "batch_size": 2})
    assert not found("lone_example", own, study(), descriptions=described((8, 8, 1)))
    (finding,) = found("lone_example", own, study(), descriptions=described((5, 5, 1)))
    assert "from 2 values;" in finding.evidence
    assert not found("lone_example", own, study()), "nothing is known of the images"
