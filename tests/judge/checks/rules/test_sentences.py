"""Every finding says what is so with its numbers, no more than these, and one thing to do."""

import re
from dataclasses import replace

import pytest

from paribus.judge.checks import all_checks
from paribus.records import Claim
from tests.judge.checks.studied import (
    TRAIN,
    curve,
    described,
    facts,
    found,
    metrics,
    observed,
    plan,
    probed,
    study,
    trial,
)
from tests.overstating import OVERSTATING

SGD = {"SGD": {"learning_rate": 0.001}}
NEW = replace(plan().variants[0], name="c")
MOMENTS = {"mean": 0.0, "std": 1.0, "finite": 1.0, "treatment": "abc"}
INPUTS = {"train": MOMENTS, "test": {**MOMENTS, "treatment": "def"}}
KEPT = plan(train={**TRAIN, "checkpoint": "best"})
RISING = [0.5, 0.6, 0.7, 0.75, 0.80, 0.85]
HIGHER = curve([0.7, 0.8, 0.9, 0.99, 0.9, 0.85], [0.5, 0.35, 0.4, 0.5, 0.6, 0.7])
LATE = curve([0.7, 0.8, 0.85, 0.87, 0.88, 0.95], [1, 0.9, 0.8, 0.7, 0.6, 0.5])
FINE = Claim("fine", "s", "", "a", ">", "b", "val_accuracy", margin=0.002)
FAILING = [
    {"change": "nothing", "fails": True},
    {"change": "batch_size 16", "fails": True},
    {"change": "learning_rate / 10", "fails": False},
]
SILENT = [{"name": "hidden", "rms": 0.1, "dead": 0.75, "units": 80}]
DENSE = {"layers": [{"Flatten": {}}, {"BatchNormalization": {"name": "norm"}}, {"Dense": {"units": 10}}]}  # fmt: skip


def _data(**changes):
    variants = tuple(replace(v, data={**v.data, **changes}) for v in plan().variants)
    return replace(plan(), variants=variants)


def _failed():
    rows = observed(counterfactuals=FAILING)
    reason = "the loss is not finite in epoch 1"
    return [
        replace(trial("b", k, **rows), status="failed", reason=reason, metrics={}) for k in (3, 4)
    ]


def _spread():
    values = (-0.02, -0.01, 0.0, 0.0, 0.01, 0.02)
    return [
        trial(name, k, **metrics(val_accuracy=0.9 + values[k])) for name in "abc" for k in range(6)
    ]


SCENES = {
    "at_chance": (plan(), study(**metrics(accuracy=0.102, val_accuracy=0.1))),
    "batch_norm_memory": (plan(), [replace(t, **observed(optimizer_steps=60)) for t in study()]),
    "best_epoch": (KEPT, [replace(t, curves=HIGHER, metrics={**t.metrics, "val_accuracy": 0.99}) for t in study()]),
    "class_imbalance": (plan(), [], facts(class_counts={"train": (300, 90)})),
    "contradicted_labels": (plan(), [replace(t, **observed(contradicted=[[k, 3, 8] for k in range(9)])) for t in study()]),
    "contradictory_labels": (plan(), [], facts(contradictory=2, clashes=(("a/3", "b/1"),))),
    "counted_accuracy": (plan(), study(**metrics(val_accuracy=0.93124))),
    "dead_units": (plan(), study(**probed(SILENT))),
    "declared_optimizer": (plan(), study(**observed(optimizer={"class": "SGD", "learning_rate": 0.01}))),
    "duplicates": (plan(), [], facts(shared={"train, test": 7}, examples=(3, 4, 5, 6, 7, 8))),
    "failed_trials": (plan(), _failed()),
    "few_seeds": (replace(plan(), seeds=(0, 1, 2)), []),
    "late_ranking": (plan(), study(curves=LATE)),
    "lone_example": (plan(model=DENSE, train={**TRAIN, "batch_size": 2}), study(), {}, described()),
    "not_converged": (plan(), study(curves=curve(RISING, [1, 0.9, 0.8, 0.7, 0.6, 0.5]))),
    "overfitting": (plan(), study(**metrics(accuracy=0.99), curves=HIGHER)),
    "resolution": (plan(claims=(FINE,)), study()),
    "second_differences": (replace(plan(), variants=(replace(NEW, warnings=("batch_size 8 also changes steps",)),)), []),
    "selection_optimism": (replace(plan(), variants=(*plan().variants, NEW)), _spread()),
    "shared_learning_rate": (plan(train={**TRAIN, "optimizer": SGD}), []),
    "treated_differently": (plan(), study(**observed(inputs=INPUTS))),
    "trivial_features": (plan(), [], facts(trivial={"one pixel": 0.97, "mean colour": 0.99})),
    "underfitting": (plan(), study(**metrics(accuracy=0.7, val_accuracy=0.69))),
    "unequal_budgets": (plan(), study(**observed(optimizer_steps=6000))),
    "unscaled_pixels": (_data(preprocess=[]), []),
    "unsteady_evaluation": (plan(), study(**probed(twice=0.03))),
    "validation_is_test": (_data(split={"validation": "test"}), []),
    "vanishing_gradients": (plan(), study(**probed(gradients=(1e-6, 1e-4, 1e-2)))),
    "warm_start": (plan(), study(**observed(first_loss=0.41))),
}  # fmt: skip
"""Check -> a plan, its trials, and what is known of its data, in which it finds something."""

FIRST = re.compile(
    "Add|Build|Change|Choose|Compute|Count|Fit|Give|If|Look|Lower|Quote|Read|Remove|Run|Set|Stop|Take|Train|Try|"
    "Use|Validate"
)


def test_every_check_has_a_scene():
    assert set(SCENES) == set(all_checks())


@pytest.mark.parametrize("name", SCENES)
def test_a_finding_says_what_is_so_and_what_to_do(name):
    findings = found(name, *SCENES[name])
    assert findings
    for finding in findings:
        assert not finding.evidence.endswith("."), "the reports end the sentence"
        assert re.search(r"\d", finding.evidence), "there is a number"
        assert finding.advice.endswith(".")
        assert FIRST.match(finding.advice), "it begins with what to do"
        for text in (finding.evidence, finding.advice):
            assert not OVERSTATING.findall(text), text
