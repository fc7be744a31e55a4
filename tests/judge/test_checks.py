"""Each check: a case it must find, with the numbers it must name, and cases it must let pass."""

import math
from dataclasses import replace

import numpy as np
import pytest

from paribus.judge.checks import all_checks, run_checks
from paribus.judge.checks.training.warm_start import fresh_loss
from paribus.judge.evidence import Evidence
from paribus.judge.reading import layers_of, mean_curve, num_classes
from paribus.observed import Observed, RanOptimizer
from paribus.records import (
    Claim,
    DataDescription,
    DataFacts,
    EpochRecord,
    Plan,
    SelectRule,
    StoredTrial,
    Variant,
)
from paribus.store.observed_json import json_of_observed, observed_of

DATA = {"source": "digits", "split": {"validation": 0.2}, "preprocess": [{"scale": {}}]}
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
        "b: 6 of 6 trials guess (seed 0, 1, 2, 3, 4, 5): 10.2% or less of the training images are right, and guessing gives 12.0%",
    ),
    "unequal_budgets": (
        observed(optimizer_steps=6000),
        "a, b: optimizer steps: 3,000 for a, 6,000 for b",
    ),
    "declared_optimizer": (
        observed(optimizer={"class": "SGD", "learning_rate": 0.01}),
        "b, seed 0: declared Adam{'learning_rate': 0.001, 'beta_1': 0.9}, ran SGD (learning_rate 0.01)",
    ),
    "counted_accuracy": (
        metrics(val_accuracy=0.93124),
        "b, seed 0: val_accuracy 0.931240 is no fraction of 10,000 images",
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


def test_an_accuracy_that_mirrors_the_loss_is_none():
    mirrored = curve([0.7, 0.8, 0.9], [0.3, 0.2, 0.1])
    (finding,) = found("counted_accuracy", plan(), study(curves=mirrored))
    assert finding.severity == "error"
    assert finding.evidence == "accuracy is 1 - loss in all 3 epochs"
    (outside,) = found("counted_accuracy", plan(), study(**metrics(accuracy=1.5)))
    assert outside.evidence == "accuracy is 1.5, which is not a share"


def test_moving_statistics_need_steps():
    few = [replace(t, **observed(optimizer_steps=60)) for t in study()]
    (finding,) = found("batch_norm_memory", plan(), few)
    assert finding.where == "a"
    assert finding.evidence == (
        "after 60 steps at momentum 0.99, 55% of the moving mean and variance is still their initial 0 and 1"
    )
    assert not found("batch_norm_memory", plan(model=PLAIN), few)


def test_moving_statistics_need_steps_before_an_epoch_that_a_claim_reads():
    early = Claim("early", "s", "", "a", ">", "b", "val_accuracy@1")
    late = replace(early, metric="val_accuracy@5")
    brief = [replace(t, **observed(optimizer_steps=600)) for t in study()]  # 6 epochs
    (finding,) = found("batch_norm_memory", plan(claims=(late, early)), brief)
    assert finding.where == "a"
    assert finding.evidence == (
        "after 100 steps at momentum 0.99 (epoch 1, which a claim reads), "
        "37% of the moving mean and variance is still their initial 0 and 1"
    )
    assert not found("batch_norm_memory", plan(claims=(late,)), brief)
    assert not found("batch_norm_memory", plan(claims=(early,)), study())
    of_others = replace(early, left="b", kind="threshold", threshold=0.5, right="")
    assert not found("batch_norm_memory", plan(claims=(of_others,)), brief)


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
NOISY = "mean and deviation of so few are mostly noise"


@pytest.mark.parametrize(
    ("place", "train", "examples", "evidence"),
    [
        ("dense", {}, 50_001, "the last batch of every epoch has 1 example, which leaves norm 1 place per channel"),
        ("dense", {}, 50_005, "the last batch of every epoch has 5 examples, which leaves norm 5 places per channel"),
        ("dense", {}, 50_006, None),
        ("dense", {"last_batch": "drop"}, 50_001, None),
        ("dense", {"steps_per_epoch": 7}, 50_001, None),
        ("dense", {"batch_size": 2}, 50_000, "every batch has 2 examples, which leaves norm 2 places per channel"),
        ("dense", {"batch_size": 5}, 50_001, "every batch has 5 examples, which leaves norm 5 places per channel"),
        ("dense", {"batch_size": 6}, 49_998, None),
        ("pool", {"batch_size": 2}, 50_000, None),
        ("pool", {"batch_size": 1}, 50_000, "every batch has 1 example, which leaves norm 4 places per channel, 4 in each"),
        ("pool", {}, 50_001, "the last batch of every epoch has 1 example, which leaves norm 4 places per channel, 4 in each"),
        ("pool", {}, 50_002, None),
    ],
)  # fmt: skip
def test_batches_that_leave_too_few_places_to_normalise(place, train, examples, evidence):
    own = plan(model=BEHIND[place], train={**TRAIN, **train})
    trials = [replace(t, **observed(train_examples=examples)) for t in study()]
    findings = [
        item
        for item in found("lone_example", own, trials, descriptions=described())
        if item.where == "a"
    ]
    assert [item.evidence for item in findings] == ([f"{evidence}; {NOISY}"] if evidence else [])
    for item in findings:  # dropping the last batch helps only where the others are larger
        assert ("last_batch" in item.advice) == ("last batch" in item.evidence)


def test_places_are_counted_in_the_images_that_arrive():
    own = plan(model=BEHIND["pool"], train={**TRAIN, "batch_size": 2})
    assert not found("lone_example", own, study(), descriptions=described((8, 8, 1)))
    (finding,) = found("lone_example", own, study(), descriptions=described((5, 5, 1)))
    assert "norm 2 places per channel" in finding.evidence
    assert not found("lone_example", own, study()), "nothing is known of the images"


def test_a_margin_below_the_resolution_is_told():
    claim = Claim("fine", "s", "", "a", ">", "b", "val_accuracy", margin=0.002)
    (finding,) = found("resolution", plan(claims=(claim,)), study())
    assert finding.where == "claims fine"
    assert finding.evidence == (
        "10,000 validation images give an accuracy to 0.3 points (one standard error), coarser than the margin"
    )
    assert not found("resolution", plan(claims=(replace(claim, margin=0.01),)), study())


def test_reading_settings_and_curves():
    nested = {
        "layers": [
            {"Residual": {"layers": [{"Conv2D": {}}], "shortcut": [{"Dense": {"units": 3}}]}}
        ]
    }
    assert [kind for kind, _ in layers_of(nested)] == ["Residual", "Conv2D", "Dense"]
    assert num_classes(plan().variants[0]) == 10
    assert mean_curve([trial("a", 0), trial("a", 1, curves=CLEAN[:2])], "val_loss") == [0.9, 0.5]
    assert mean_curve([], "val_loss") == []


def facts(**changes):
    clean = {
        "class_counts": {"train": (100, 90), "validation": (20, 20), "test": (10, 10)},
        "repeated": 0,
        "shared": {"train, validation": 0, "train, test": 0, "validation, test": 0},
        "contradictory": 0,
    }
    return {"a": DataFacts(**{**clean, **changes}), "b": DataFacts(**{**clean, **changes})}


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


def test_weights_that_were_carried_over_show_in_the_first_loss():
    (finding,) = found("warm_start", plan(), study(**observed(first_loss=0.41)))
    assert finding.where == "b, seed 0"
    assert finding.evidence == (
        "the first loss is 0.41; a fresh network with 10 classes begins at about 2.30"
    )
    assert not found("warm_start", plan(), study(**observed(first_loss=2.1)))
    epoch_0 = (replace(CLEAN[0], epoch=0, metrics={"loss": 0.3}), *CLEAN)
    assert len(found("warm_start", plan(), study(curves=epoch_0))) == 1


def test_weights_that_were_carried_over_show_between_variants():
    first = [curve([0.5, 0.7, 0.9], [1.8, 0.9, 0.4]) for _ in range(6)]
    own = [trial("a", k, curves=first[k]) for k in range(6)]
    later = [trial("b", k, curves=curve([0.9, 0.92, 0.93], [0.41, 0.3, 0.28])) for k in range(6)]
    (finding,) = found("warm_start", plan(), own + later)
    assert finding.where == "b"
    assert finding.evidence == (
        "its first epoch's loss, 0.41, is about the last of a, 0.40, which began at 1.80"
    )
    fresh = [trial("b", k, curves=curve([0.5, 0.8, 0.9], [1.7, 0.8, 0.4])) for k in range(6)]
    assert not found("warm_start", plan(), own + fresh)


def probed(layers=(), gradients=(1e-2, 1e-2), **changes):
    rows = {f"h{k}/kernel": {"start": value, "end": value} for k, value in enumerate(gradients)}
    plain = {"examples": 250, "input_rms": 0.5, "layers": list(layers), "gradients": rows}
    return observed(probe={**plain, "twice": 0.0, "alone": 1e-7, **changes})


@pytest.mark.parametrize(
    ("name", "changes", "evidence"),
    [
        (
            "dead_units",
            probed([{"name": "hidden", "rms": 0.1, "dead": 0.75, "units": 80}]),
            "hidden: 75% of its units are silent on all 250 images that were tried",
        ),
        (
            "dead_units",
            probed([{"name": "hidden", "rms": 0.9, "saturated": 0.8}]),
            "hidden: 80% of its values are within 0.01 of the activation's limit",
        ),
        (
            "vanishing_gradients",
            probed(gradients=(1e-6, 1e-4, 1e-2)),
            "at the first step h0/kernel gets 0.0001 of the gradient that h2/kernel gets",
        ),
        (
            "vanishing_gradients",
            probed(gradients=(1e-9, 1e-9)),
            "at the first step no kernel gets a gradient above 1e-09 (root mean square)",
        ),
        (
            "vanishing_gradients",
            probed(gradients=(21.0, 3.0)),
            "at the first step a kernel's gradient has the root mean square 21",
        ),
        (
            "unsteady_evaluation",
            probed(twice=0.03),
            "a probability changes by 0.03 when the same images are scored again (dropout is on)",
        ),
        (
            "unsteady_evaluation",
            probed(alone=0.2),
            "a probability changes by 0.2 when images are scored one by one (normalised by the batch)",
        ),
    ],
)
def test_what_looking_into_networks_has_found_is_said(name, changes, evidence):
    (finding,) = found(name, plan(), study(**changes))
    assert (finding.where, finding.evidence) == ("b", evidence)
    healthy = probed([{"name": "hidden", "rms": 1.0, "dead": 0.3, "units": 80}])
    assert not found(name, plan(), study(**healthy))
    assert not found(name, plan(), study(**probed(gradients=(float("nan"), 1.0), twice=1.0)))


def test_large_gradients_of_raw_pixels_are_the_pixels_fault():
    assert not found(
        "vanishing_gradients", plan(), study(**probed(gradients=(21.0,), input_rms=90))
    )


def test_labels_that_all_networks_contradict_are_named():
    rows = [[k, 3, 8] for k in range(150)]
    trials = [replace(t, **observed(contradicted=rows)) for t in study()]
    (finding,) = found("contradicted_labels", plan(), trials)
    assert finding.severity == "warning"
    assert finding.evidence.startswith(
        "150 of 10,000 validation images are labelled one class while 90% of 12 networks rule it out "
        "and see the same other one: 0 (3, seen as 8), 1 (3, seen as 8)"
    )
    assert finding.evidence.endswith("and 142 more")
    clothes = ("shirt", "boot", "bag", "coat", "hat", "sock", "tie", "belt", "dress", "scarf")
    (named,) = found("contradicted_labels", plan(), trials, descriptions=described(classes=clothes))
    assert "0 (coat, seen as dress), 1 (coat, seen as dress)" in named.evidence
    files = {str(k): f"3/{k}.png" for k in range(150)}
    filed = [replace(t, **observed(contradicted=rows, contradicted_files=files)) for t in trials]
    (by_file,) = found("contradicted_labels", plan(), filed, descriptions=described(classes=clothes))  # fmt: skip
    assert "3/0.png (coat, seen as dress), 3/1.png (coat, seen as dress)" in by_file.evidence
    mixed = {**described(), "b": described(classes=clothes)["b"]}
    (numbered,) = found("contradicted_labels", plan(), trials, descriptions=mixed)
    assert "0 (3, seen as 8)" in numbered.evidence, "two variants' classes have different names"
    few = [replace(t, **observed(contradicted=rows[:2])) for t in study()]
    assert [item.severity for item in found("contradicted_labels", plan(), few)] == ["note"]
    torn = [replace(t, **observed(contradicted=rows if k % 2 else [])) for k, t in enumerate(study())]  # fmt: skip
    assert not found("contradicted_labels", plan(), torn)
    assert not found("contradicted_labels", plan(), trials[:3])


def test_one_learning_rate_for_optimizers_of_different_kinds():
    sgd = {**TRAIN, "optimizer": {"SGD": {"learning_rate": 0.001}}}
    (finding,) = found("shared_learning_rate", plan(train=sgd), [])
    assert (finding.where, finding.evidence) == ("a, b", "SGD, Adam all run at learning_rate 0.001")
    nadam = {**TRAIN, "optimizer": {"Nadam": {"learning_rate": 0.001}}}
    assert not found("shared_learning_rate", plan(train=nadam), [])
    other = {**TRAIN, "optimizer": {"SGD": {"learning_rate": 0.01}}}
    assert not found("shared_learning_rate", plan(train=other), [])


def test_a_lead_that_changed_late_is_noted():
    late = curve([0.7, 0.8, 0.85, 0.87, 0.88, 0.95], [1, 0.9, 0.8, 0.7, 0.6, 0.5])
    (finding,) = found("late_ranking", plan(), study(curves=late))
    assert (finding.where, finding.evidence) == (
        "b, a",
        "after 5 of 6 epochs a led b by 2.00 points; at the end b leads",
    )
    assert not found("late_ranking", plan(), study())
    assert not found("late_ranking", plan(), study(curves=late[:4]))


ROWS = ("nothing", "batch_size 16", "batch_size 64", "inputs standardised", "learning_rate / 10")


@pytest.mark.parametrize(
    ("helping", "advice"),
    [
        ({"learning_rate / 10"}, "The learning rate is the cause: lower it. The batch size is not the cause."),
        (
            {"inputs standardised", "learning_rate / 10"},
            "The scale of the inputs is the cause: add `scale` or `standardize` to `preprocess`. "
            "The batch size is not the cause.",
        ),
        ({"batch_size 64"}, "It depends on the batch size: lower the learning rate with it."),
        (set(), "No single change that was tried helps: look at the initial weights and the model."),
        (set(ROWS), "No single change that was tried helps: look at the initial weights and the model."),
    ],
)  # fmt: skip
def test_the_cause_of_a_failure_is_what_alone_makes_it_vanish(helping, advice):
    rows = [{"change": name, "fails": name not in helping} for name in ROWS]
    failed = trial("b", 0, **observed(counterfactuals=rows), metrics={}, curves=())
    failed = replace(failed, status="failed", reason="the loss is not finite in epoch 1, step 3")
    (finding,) = found("failed_trials", plan(), [failed])
    assert finding.advice == advice
    if helping == {"learning_rate / 10"}:
        assert finding.evidence.endswith(
            "Run again: it fails as it is, with batch_size 16, with batch_size 64 or with inputs standardised; "
            "it does not fail with learning_rate / 10"
        )


def test_causes_come_before_what_they_cause():
    stuck = study(**metrics(accuracy=0.102, val_accuracy=0.1), **probed(gradients=(1e-7, 1e-2)))
    named = [
        item.check for item in run_checks(Evidence(plan(), stuck)) if item.severity == "warning"
    ]
    assert named == ["vanishing_gradients", "at_chance"]


def test_the_best_epoch_is_held_against_the_last():
    best = {**TRAIN, "checkpoint": "best"}
    late = curve([0.7, 0.85, 0.93, 0.90, 0.90, 0.90], [0.9, 0.5, 0.4, 0.36, 0.35, 0.35])
    kept = [replace(t, curves=late, metrics={**t.metrics, "val_accuracy": 0.93}) for t in study()]
    (finding,) = found("best_epoch", plan(train=best), kept)
    assert finding.where == "a"
    assert finding.evidence == (
        "the epoch that is kept was chosen by validation and scores 3.00 points above the last one there"
    )
    assert not found("best_epoch", plan(), kept)
    assert not found("best_epoch", plan(train=best), study())


def test_the_best_of_many_looks_too_good():
    own = replace(plan(), variants=tuple(replace(plan().variants[0], name=name) for name in "abcd"))
    spread = (-0.02, -0.01, 0.0, 0.0, 0.01, 0.02)
    trials = [
        trial(name, k, **metrics(val_accuracy=0.9 + spread[k])) for name in "abcd" for k in range(6)
    ]
    (finding,) = found("selection_optimism", own, trials)
    error = 100 * (0.001 / 5 / 6) ** 0.5
    assert (
        f"4 variants could have been the best, by means with a standard error of {error:.2f} points: "
        f"by luck alone the chosen one looks up to {error * (2 * np.log(4)) ** 0.5:.1f} points too good"
    ) == finding.evidence
    far = [  # spreads widely, and has no part in the luck
        trial("d", k, **metrics(val_accuracy=0.6 + 5 * spread[k])) for k in range(6)
    ]
    (without,) = found("selection_optimism", own, [t for t in trials if t.variant != "d"] + far)
    assert without.evidence.startswith("3 variants could have been the best")
    assert f"error of {error:.2f} points" in without.evidence
    assert not found("selection_optimism", own, [t for t in trials if t.variant in "ab"])
    calm = [replace(t, metrics={**t.metrics, "val_accuracy": 0.9 + t.seed * 1e-4}) for t in trials]
    assert not found("selection_optimism", own, calm)


@pytest.mark.parametrize("final", ["softmax", "sigmoid", "linear"])
@pytest.mark.parametrize(
    "loss",
    ["categorical_crossentropy", "binary_crossentropy", "mean_squared_error", "half_squared_error"],
)
def test_a_fresh_networks_loss_is_that_of_equal_probabilities(loss, final):
    import torch

    from paribus.nn.losses import build_loss
    from paribus.nn.training import TrainSpec

    own = {"optimizer": "SGD", "epochs": 1, "batch_size": 1, "loss": loss}
    model = {"layers": [{"Dense": {"units": 7, "activation": final}}]}
    expected = fresh_loss(Variant("a", {}, {}, model, own), 7)
    if expected is None:
        assert final == "linear"
        return
    built = build_loss(TrainSpec.parse(own, "keras"), final, 7)
    found = built(torch.zeros(3, 7), torch.tensor([0, 3, 6]), "mean").item()
    assert found == pytest.approx(expected, rel=1e-5)


def test_parts_that_were_treated_differently_are_named_with_their_moments():
    alike = {"mean": 0.0, "std": 1.0, "finite": 1.0, "treatment": "abc"}
    other = {**alike, "mean": 73.2, "std": 89.8, "treatment": "def"}
    inputs = {"train": alike, "validation": alike, "test": other}
    (finding,) = found("treated_differently", plan(), study(**observed(inputs=inputs)))
    assert (finding.severity, finding.where) == ("error", "b")
    assert finding.evidence == (
        "test images were preprocessed by other numbers than the training images: they reach the network "
        "with mean 73.200 and deviation 89.800, the training images with mean 0.000 and deviation 1.000"
    )
    honest = {"train": alike, "validation": {**alike, "mean": 0.1}}
    assert not found("treated_differently", plan(), study(**observed(inputs=honest)))


def test_classes_that_one_pixel_gives_away_are_told():
    (finding,) = found(
        "trivial_features", plan(), [], facts(trivial={"one pixel": 0.97, "mean colour": 0.6})
    )
    assert finding.evidence == (
        "of the validation images, the nearest class mean of one pixel alone 97% is right"
    )
    assert not found("trivial_features", plan(), [], facts(trivial={"one pixel": 0.7}))
    assert not found("trivial_features", plan(), [], facts())


def test_a_trial_guesses_only_where_skill_would_have_shown():
    def guessing(examples, right, *, counts=None, held_out=0.1):
        seen = {"train_examples": examples, "validation_examples": 1000}
        if counts:
            seen["class_counts"] = {"train": counts, "validation": [100] * len(counts)}
        changes = {**observed(**seen), **metrics(accuracy=right / examples, val_accuracy=held_out)}
        return [item.where for item in found("at_chance", plan(), study(**changes))]

    ten = [100] * 10
    assert guessing(1000, 100, counts=ten) == ["b"]
    assert guessing(1000, 123, counts=ten) == ["b"]  # binom.isf(0.01, 1000, 0.1) = 123
    assert guessing(1000, 124, counts=ten) == []
    assert guessing(1000, 100, counts=ten, held_out=0.14) == []  # it knows other images
    assert guessing(30, 3, counts=[3] * 10) == []  # nobody can tell
    assert guessing(6, 2, counts=[2] * 3) == []
    skewed = [500, *[56] * 8, 52]
    assert guessing(1000, 500, counts=skewed) == ["b"]  # names the largest class always
    assert guessing(1000, 550, counts=skewed) == []
    assert guessing(1000, 900, counts=[900, *[10] * 10]) == []  # a tenth is left to be learned


def test_old_results_without_class_counts_are_judged_by_the_source():
    changes = {**observed(train_examples=1000), **metrics(accuracy=0.5, val_accuracy=0.5)}
    skewed = {"train": (500, *[56] * 9), "validation": (500, *[56] * 9), "test": ()}
    assert not found("at_chance", plan(), study(**changes))
    (finding,) = found("at_chance", plan(), study(**changes), facts(class_counts=skewed))
    assert finding.where == "b"


@pytest.mark.parametrize("seed", range(5))
def test_a_network_with_skill_is_never_called_guessing_however_few_its_images(seed):
    draw = np.random.default_rng(seed)
    for classes in (2, 3, 10):
        for each in (3, 5, 10, 30, 300):
            examples = classes * each
            skilled = 1 / classes + 0.3 * (1 - 1 / classes)
            right = draw.binomial(examples, skilled) / examples
            changes = {
                **observed(
                    train_examples=examples,
                    validation_examples=None,
                    class_counts={"train": [each] * classes},
                ),
                **metrics(accuracy=right),
            }
            assert not found("at_chance", plan(), study(**changes))


def contradicting(count, accuracy, *, examples=500, seeds=6):
    rows = [[k, 3, 8] for k in range(count)]
    changes = {
        **observed(contradicted=rows, validation_examples=examples),
        **metrics(val_accuracy=accuracy),
    }
    return [trial(name, k, **changes) for name in "ab" for k in range(seeds)]


@pytest.mark.parametrize(
    ("count", "accuracy", "severity"),
    [
        (30, 0.9, "warning"),
        (13, 0.9, "warning"),  # binom.isf(0.01, 500, 0.01) = 11: from 12 on
        (11, 0.9, "note"),
        (20, 0.75, "note"),  # a tenth of the mistakes is shared by networks that learned the same
        (30, 0.75, "warning"),
        (200, 0.5, "note"),
        (200, 0.3, None),  # weak networks accuse nobody
    ],
)
def test_labels_are_contradicted_by_good_networks_beyond_their_shared_mistakes(
    count, accuracy, severity
):
    known = facts(class_counts={"train": (100,) * 10, "validation": (50,) * 10})
    findings = found("contradicted_labels", plan(), contradicting(count, accuracy), known)
    if accuracy == 0.5:  # below halfway from 10 % to 100 %
        severity = None
    assert [item.severity for item in findings] == ([severity] if severity else [])


def test_one_variants_networks_are_not_independent():
    trials = [t for t in contradicting(100, 0.9) if t.variant == "a"]
    assert [item.severity for item in found("contradicted_labels", plan(), trials)] == ["note"]
    few = contradicting(1, 1.0, examples=6)
    assert all(item.severity == "note" for item in found("contradicted_labels", plan(), few))


def test_a_fresh_network_on_a_small_batch_is_not_called_warm():
    two = replace(plan().variants[0], model={"layers": [{"Dense": {"units": 2}}]})
    for batch, loss, warm in (
        (1, 0.001, False),
        (4, 0.1, False),
        (16, 0.3, False),
        (64, 0.3, True),
    ):
        own = replace(plan(), variants=(replace(two, train={**TRAIN, "batch_size": batch}),))
        trials = [trial("a", 0, **observed(first_loss=loss, train_examples=600))]
        assert bool(found("warm_start", own, trials)) == warm, (batch, loss)
    draw = np.random.default_rng(5)  # whatever a network answers, its labels are not to be known
    for batch in (2, 8, 32):
        own = replace(plan(), variants=(replace(two, train={**TRAIN, "batch_size": batch}),))
        for scale in (1.0, 5.0):
            raw = scale * draw.normal(size=(2000, batch))
            signs = draw.choice((-1, 1), size=(2000, batch))
            losses = np.log1p(np.exp(-signs * raw)).mean(1)
            lowest = [trial("a", 0, **observed(first_loss=losses.min(), train_examples=600))]
            assert not found("warm_start", own, lowest)
    assert math.exp(-64 * (math.log(2) - 0.3)) < 1e-5  # the bound of the case that is found


def test_a_mark_is_told_from_content_by_classes_and_images():
    def said(classes, held_out, share):
        known = facts(
            class_counts={"train": (50,) * classes, "validation": held_out},
            trivial={"one pixel": share},
        )
        return [item.severity for item in found("trivial_features", plan(), [], known)]

    assert said(10, (30,) * 10, 0.9) == ["warning"]
    assert said(3, (1,) * 3, 1.0) == []  # three of three by chance
    assert said(2, (100,) * 2, 0.95) == ["note"]  # zeros and ones differ in a pixel
    assert said(3, (100,) * 3, 0.77) == []
    assert said(3, (100,) * 3, 0.99) == ["warning"]
    assert said(3, (100, 8, 8), 0.92) == []  # nearly all of them are of one class


def test_few_images_cannot_show_that_a_unit_is_dead():
    silent = [{"name": "hidden", "rms": 0.1, "dead": 0.75, "units": 80}]
    assert found("dead_units", plan(), study(**probed(silent, examples=44)))  # 0.9 ** 44 < 0.01
    assert not found("dead_units", plan(), study(**probed(silent, examples=43)))


def test_a_solved_task_is_no_mirrored_loss():
    solved = curve([1.0, 1.0, 1.0], [1e-8, 1e-9, 0.0])
    assert not found("counted_accuracy", plan(), study(curves=solved))


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


def test_all_images_right_is_no_resolution_of_zero():
    claim = Claim("fine", "s", "", "a", ">", "b", "val_accuracy", margin=0.05)
    six = [
        replace(
            t,
            **observed(validation_examples=6),
            metrics={**t.metrics, "val_accuracy": 1.0},
        )
        for t in study()
    ]
    (finding,) = found("resolution", plan(claims=(claim,)), six)
    assert finding.severity == "warning"
    assert not found("resolution", plan(claims=(replace(claim, margin=0.2),)), six)
