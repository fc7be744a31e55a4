"""Every setting that a network can be trained with is in the methods paragraph, with the variants that had it."""

from dataclasses import replace

import pytest

from paribus.nn.augmentation import AUGMENTATIONS
from paribus.nn.training import OPTIMIZERS, SCHEDULES, TrainSpec
from paribus.records import Variant
from paribus.report.methods.training import told_by_variant, training_sentences
from tests.judge.made_up import plan, trial

DATA = {"source": "digits", "preprocess": [{"scale": {}}]}
MODEL = {
    "layers": [
        {"Dense": {"name": "output", "units": 10, "kernel_initializer": "he_normal", "kernel_regularizer": {"l1": 0.0, "l2": 0.03}}}
    ]
}  # fmt: skip
TRAIN = {
    "optimizer": {"SGD": {"learning_rate": 0.01}},
    "loss": "categorical_crossentropy",
    "epochs": 5,
    "batch_size": 32,
}


def variant(name, *, data=DATA, model=MODEL, levels=None, **train):
    return Variant(name, levels or {}, data, model, {**TRAIN, **train})


def text(*variants, factors=None):
    study = replace(plan(variants=variants), factors=factors or {})
    return " ".join(training_sentences(study, [trial(v.name, 0, 0.5) for v in variants]))


SETTINGS = {
    "optimizer": ({"Adam": {"learning_rate": 0.123, "beta_1": 0.85}}, "Adam (learning rate 0.123, beta_1 0.85)"),
    "loss": ("half_squared_error", "half the squared error of the labels"),
    "label_smoothing": (0.1, "with label smoothing 0.1"),
    "epochs": (7, "7 epochs in batches of 32"),
    "batch_size": (17, "batches of 17"),
    "steps_per_epoch": (90, "an epoch being 90 steps"),
    "last_batch": ("drop", "incomplete batches left out"),
    "schedule": ({"step": {"every": 3, "factor": 0.2}}, "step (every 3, factor 0.2)"),
    "early_stopping": (
        {"monitor": "val_loss", "patience": 4, "min_delta": 0.02},
        "when val_loss had not improved for 4 epochs by more than 0.02",
    ),
    "checkpoint": ("best", "those of the epoch with the best val_loss"),
    "augment": ([{"crop": {"pixels": 2, "fill": "zero"}}], "crop (pixels 2, fill zero), drawn anew in every epoch"),
    "mistakes": ({"warm_start": [100, 200]}, "warm start 100 x 200"),
    "test_time_flip": (True, "the mean of the outputs for an image and its mirror image"),
}  # fmt: skip


def test_no_setting_of_training_is_left_out():
    """Backend and precision are read off the trial, below."""
    assert set(SETTINGS) == set(TrainSpec.model_fields) - {"backend", "precision"}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_is_named_with_the_variants_that_have_it(name):
    value, expected = SETTINGS[name]
    assert expected not in text(variant("a"), variant("b"))
    both = text(variant("a", **{name: value}), variant("b", **{name: value}))
    assert expected in both
    assert "(a)" not in both
    assert f"{expected} (b)" in text(variant("a"), variant("b", **{name: value}))


@pytest.mark.parametrize("precision", ["fp64", "fp32", "bf16"])
def test_the_arithmetic_is_that_of_the_trial(precision):
    known = {
        "fp64": "NumPy, in double precision",
        "fp32": "single precision",
        "bf16": "products in bfloat16",
    }
    own = trial("a", 0, 0.5)
    own = replace(own, observed=replace(own.observed, precision=precision))
    told = " ".join(training_sentences(plan(variants=(variant("a"),)), [own]))
    assert f"The arithmetic was {known[precision]}" in told


def test_preprocessing_initial_weights_penalties_and_mistakes_are_named():
    found = text(variant("a"), variant("b", data={"source": "digits"}))
    assert "Preprocessing was scale (a); none (pixels as they are in the source) (b)." in found
    assert "Initial weights were drawn as kernel he_normal." in found
    assert "Penalties on weights were l2 0.03 on output." in found
    wrong = {**DATA, "mistakes": [{"untreated_test": {}}]}
    assert "Mistakes made on purpose were none (a); untreated test (b)." in text(
        variant("a"), variant("b", data=wrong)
    )


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_constant_of_an_optimizer_is_named_unless_it_is_zero(name):
    constants = OPTIMIZERS[name](learning_rate=0.5).resolved("keras").model_dump(mode="json")
    found = text(variant("a", optimizer={name: constants}))
    for key, value in constants.items():
        shown = key if key[-1].isdigit() else key.replace("_", " ")
        assert (f"{shown} {value:g}" in found) == bool(value), key


def test_every_schedule_and_augmentation_has_words():
    needs = {"step": {"every": 3}, "crop": {"pixels": 1}, "cutout": {"size": 2}}
    for name, kind in {**SCHEDULES, **AUGMENTATIONS}.items():
        arguments = kind(**needs.get(name, {})).model_dump(mode="json")
        key, value = (
            ("schedule", {name: arguments})
            if name in SCHEDULES
            else ("augment", [{name: arguments}])
        )
        assert name.replace("_", " ") in text(variant("a", **{key: value}))  # fmt: skip


def test_a_factor_that_decides_is_named_by_its_levels():
    cells = [(size, norm) for size in ("small", "large") for norm in ("no", "bn")]
    variants = tuple(
        variant(f"{size}/{norm}", levels={"size": size, "norm": norm}, batch_size=len(size))
        for size, norm in cells
    )
    factors = {"size": ("small", "large"), "norm": ("no", "bn")}
    same = tuple(replace(item, train={**item.train, "batch_size": 5}) for item in variants)
    assert "The budget was 5 epochs in batches of 5." in text(*same, factors=factors)
    mixed = (
        replace(variants[0], train={**TRAIN, "batch_size": 9}),
        *same[1:2],
        *(replace(item, train={**TRAIN, "batch_size": 9}) for item in variants[2:3]),
        *same[3:],
    )
    told = text(*mixed, factors=factors)
    assert "5 epochs in batches of 9 (norm: no); 5 epochs in batches of 5 (norm: bn)." in told


def test_many_variants_are_counted():
    study = plan(variants=tuple(variant(str(k), epochs=1 + (k > 0)) for k in range(9)))
    told = told_by_variant(replace(study, factors={}), lambda v: str(v.train["epochs"]))
    assert told == "1 (0); 2 (8 variants)"
