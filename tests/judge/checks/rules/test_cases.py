"""Each check: a case it must find, with the numbers it must name, and cases it must let pass."""

from dataclasses import replace

import pytest

from paribus.judge.checks import run_checks
from paribus.judge.evidence import Evidence
from tests.judge.checks.studied import curve, facts, found, metrics, observed, plan, probed, study


def test_a_clean_study_is_clean():
    assert run_checks(Evidence(plan(), study())) == ()
    assert run_checks(Evidence(plan(), [])) == ()


CASES = {
    "overfitting": (
        {
            **metrics(accuracy=0.99),
            "curves": curve([0.8, 0.9, 0.9, 0.9, 0.9, 0.9], [0.5, 0.35, 0.4, 0.5, 0.6, 0.7]),
        },
        "b: 99.0% of the training and 90.0% of the validation images are right; validation loss was lowest in epoch 2 (0.350) and ends at 0.700",
    ),
    "underfitting": (
        metrics(accuracy=0.7, val_accuracy=0.69),
        "b: 70.0% of the training images are right, about as few as of the validation images (69.0%); a reaches 92.0%",
    ),
    "not_converged": (
        {"curves": curve([0.5, 0.6, 0.7, 0.75, 0.80, 0.85], [1, 0.9, 0.8, 0.7, 0.6, 0.5])},
        "b: validation accuracy still rises over the last 3 epochs, by up to 5.0 points per epoch (b)",
    ),
    "at_chance": (
        metrics(accuracy=0.102, val_accuracy=0.1),
        "b: 6 of 6 trials cannot be told from guessing (seeds 0, 1, 2, 3, 4, 5; test at 1%): 10.2% or less of the training images are right, and guessing gives 12.0%",
    ),
    "unequal_budgets": (
        observed(optimizer_steps=6000),
        "a, b: optimizer steps: 3,000 for a, 6,000 for b",
    ),
    "declared_optimizer": (
        observed(optimizer={"class": "SGD", "learning_rate": 0.01}),
        "b, seed 0: declared Adam (learning_rate 0.001, beta_1 0.9), ran SGD (learning_rate 0.01)",
    ),
    "counted_accuracy": (
        metrics(val_accuracy=0.93124),
        "b, seed 0: val_accuracy 0.931240 would be 9,312.4 of 10,000 images, which is no whole number",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_case_is_found_with_its_numbers_and_nothing_else_is_said(name):
    changes, text = CASES[name]
    (finding,) = found(name, plan(), study(**changes))
    assert f"{finding.where}: {finding.evidence}" == text
    assert finding.advice.endswith(".")
    related = {"at_chance": {"underfitting"}}.get(name, set())
    assert {item.check for item in run_checks(Evidence(plan(), study(**changes)))} <= {
        name,
        *related,
    }


@pytest.mark.parametrize(
    ("name", "changes", "evidence"),
    [
        (
            "duplicates",
            {"shared": {"train, validation": 1, "train, test": 7}, "examples": (3, 4, 5, 6, 7, 8)},
            "1 validation image is also in train; 7 test images are also in train (ids 3, 4, 5, 6, 7 ...)",
        ),
        (
            "duplicates",
            {
                "shared": {"train, test": 2},
                "examples": (3, 4),
                "pairs": (("a/3", "b/1"), ("a/4", "b/2")),
            },
            "2 test images are also in train (a/3 = b/1, a/4 = b/2)",
        ),
        (
            "contradictory_labels",
            {"contradictory": 2, "clashes": (("a/3", "b/1"),)},
            "2 images occur with different labels (a/3 = b/1)",
        ),
        ("duplicates", {"repeated": 12}, "12 of 190 training images repeat another one"),
        ("contradictory_labels", {"contradictory": 4}, "4 images occur with different labels"),
        (
            "class_imbalance",
            {"class_counts": {"train": (300, 90)}},
            "training classes have 90 to 300 images; guessing the largest class is right 76.9% of the time",
        ),
    ],
)
def test_what_looking_at_the_data_has_found_is_said_once(name, changes, evidence):
    (finding,) = found(name, plan(), [], facts(**changes))
    assert (finding.where, finding.evidence) == ("the data of a", evidence)
    assert not found(name, plan(), [], facts())


@pytest.mark.parametrize(
    ("name", "changes", "evidence"),
    [
        (
            "dead_units",
            probed([{"name": "hidden", "rms": 0.1, "dead": 0.75, "units": 80}]),
            "hidden: 75% of its units give 0 for all 250 images that were tried (mean over 6 seeds)",
        ),
        (
            "dead_units",
            probed([{"name": "hidden", "rms": 0.9, "saturated": 0.8}]),
            "hidden: 80% of its values are within 0.01 of the activation's limit (mean over 6 seeds)",
        ),
        (
            "vanishing_gradients",
            probed(gradients=(1e-6, 1e-4, 1e-2)),
            "at the first step (median over 6 seeds) h0/kernel gets 0.0001 of the gradient that h2/kernel gets",
        ),
        (
            "vanishing_gradients",
            probed(gradients=(1e-9, 1e-9)),
            "at the first step (median over 6 seeds) no kernel gets a gradient above 1e-09 (root mean square)",
        ),
        (
            "vanishing_gradients",
            probed(gradients=(21.0, 3.0)),
            "at the first step (median over 6 seeds) a kernel's gradient has the root mean square 21, and more than 2 counts as exploding",
        ),
        (
            "unsteady_evaluation",
            probed(twice=0.03),
            "a probability changes by up to 0.03 when the same images are scored again, as with dropout left on",
        ),
        (
            "unsteady_evaluation",
            probed(alone=0.2),
            "a probability changes by up to 0.2 when images are scored one by one, as with normalisation by the batch",
        ),
    ],
)
def test_what_looking_into_networks_has_found_is_said(name, changes, evidence):
    (finding,) = found(name, plan(), study(**changes))
    assert (finding.where, finding.evidence) == ("b", evidence)
    healthy = probed([{"name": "hidden", "rms": 1.0, "dead": 0.3, "units": 80}])
    assert not found(name, plan(), study(**healthy))
    assert not found(name, plan(), study(**probed(gradients=(float("nan"), 1.0), twice=1.0)))


def test_causes_come_before_what_they_cause():
    stuck = study(**metrics(accuracy=0.102, val_accuracy=0.1), **probed(gradients=(1e-7, 1e-2)))
    named = [
        item.check for item in run_checks(Evidence(plan(), stuck)) if item.severity == "warning"
    ]
    assert named == ["vanishing_gradients", "at_chance"]


def test_notes_about_gaps_and_leads_need_images_that_show_them():
    rising = curve([0.8, 0.9, 0.9, 0.9, 0.9, 0.9], [0.5, 0.35, 0.4, 0.5, 0.6, 0.7])

    def overfits(examples):
        few = {**observed(validation_examples=examples), **metrics(accuracy=0.9, val_accuracy=0.8)}
        return bool(found("overfitting", plan(), study(**few, curves=rising)))

    assert [overfits(n) for n in (5, 10, 100, 1000)] == [False, False, True, True]

    late = curve([0.7, 0.8, 0.85, 0.87, 0.88, 0.95], [1, 0.9, 0.8, 0.7, 0.6, 0.5])
    for examples, said in ((49, False), (51, True)):  # the lead is 2 points
        trials = [replace(t, **observed(validation_examples=examples)) for t in study(curves=late)]
        assert bool(found("late_ranking", plan(), trials)) == said
