"""Mistakes on purpose: each does what it says and nothing else, and only where a study announces it."""

import copy

import numpy as np
import pytest

import paribus
from paribus.data.load import load_dataset
from paribus.data.prepare import open_test, prepare, some_validation_images
from paribus.data.spec import DataSpec
from paribus.engine.run import run_trial
from paribus.errors import StudyError
from paribus.study.identity import plan_trials

SETTINGS = {
    "source": "digits",
    "split": {"train": 0.5, "validation": 0.3, "test": 0.2, "seed": 1},
    "preprocess": [{"standardize": {"over": "all"}}],
}


def parts(**changes):
    spec = DataSpec.parse({**copy.deepcopy(SETTINGS), **changes})
    data = load_dataset(spec)
    found = prepare(data, spec, seed=0)
    return found, open_test(data, spec, found.preprocessing), data


def test_an_honest_study_treats_all_parts_alike():
    found, test, _ = parts()
    assert found.validation_preprocessing is found.preprocessing is test.preprocessing
    assert abs(found.validation_images.array().mean()) > 1e-6
    assert "mistakes" not in DataSpec.parse(SETTINGS).to_settings()


def test_own_statistics_standardise_every_part_by_itself():
    found, test, _ = parts(mistakes=["own_statistics"])
    for images in (found.train_images, found.validation_images, test.images):
        assert images.array().mean() == pytest.approx(0, abs=1e-5)
        assert images.array().std() == pytest.approx(1, abs=1e-5)
    digests = {found.preprocessing.digest(), found.validation_preprocessing.digest(), test.preprocessing.digest()}  # fmt: skip
    assert len(digests) == 3


@pytest.mark.parametrize("mistakes", [[], ["own_statistics"]])
def test_single_validation_images_are_treated_as_in_the_trial(mistakes):
    spec = DataSpec.parse({**copy.deepcopy(SETTINGS), "mistakes": mistakes})
    data = load_dataset(spec)
    found = prepare(data, spec, seed=0)
    some = some_validation_images(data, spec, found.preprocessing, found.validation_ids[3:7])
    np.testing.assert_array_equal(some.array(), found.validation_images.array()[3:7])


def test_a_refit_without_validation_images_has_no_statistics_of_their_own():
    spec = DataSpec.parse({**copy.deepcopy(SETTINGS), "mistakes": ["own_statistics"]})
    found = prepare(load_dataset(spec), spec, seed=0, fit_on="train+validation")
    assert found.validation_preprocessing is found.preprocessing


def test_an_untreated_test_set_keeps_its_pixels_and_validation_is_honest():
    found, test, data = parts(mistakes=["untreated_test"])
    assert found.validation_preprocessing is found.preprocessing
    np.testing.assert_array_equal(test.images.array(), data.images[test.ids].astype(np.float32))


def test_without_a_guard_a_constant_pixel_is_not_finite():
    over_pixels = [{"standardize": {"over": "pixel"}}]
    found, _, data = parts(preprocess=over_pixels, mistakes=["unguarded_deviation"])
    constant = data.images[found.train_ids].std(0) == 0
    assert constant.any()
    assert np.isnan(found.train_images.array()[:, constant]).all()
    assert np.isfinite(found.train_images.array()[:, ~constant]).all()
    guarded, _, _ = parts(preprocess=over_pixels)
    assert np.isfinite(guarded.train_images.array()).all()


STUDY = {
    "study": "s",
    "data": SETTINGS,
    "model": {"layers": ["Flatten", {"Dense": {"name": "output", "units": 10, "activation": "softmax"}}]},
    "train": {"optimizer": {"Adam": {"learning_rate": 0.01}}, "epochs": 2, "batch_size": 32},
    "seeds": 1,
}  # fmt: skip


@pytest.mark.parametrize(
    ("part", "mistakes", "text"),
    [
        ("data", ["untreated_test"], "data.mistakes of base are made on purpose only in a study that says teaching: true"),
        ("train", {"warm_start": [100]}, "train.mistakes of base are made on purpose only in a study that says teaching: true"),
    ],
)  # fmt: skip
def test_a_study_must_announce_its_mistakes(part, mistakes, text):
    study = copy.deepcopy(STUDY)
    study[part]["mistakes"] = mistakes
    with pytest.raises(StudyError, match=text):
        paribus.from_mapping(study)
    assert paribus.from_mapping({**study, "teaching": True}).plan(jobs=1).plan.teaching


@pytest.mark.slow
def test_a_warm_start_begins_below_chance_and_changes_only_what_it_names():
    outcomes = {}
    for name, mistakes in (("fresh", None), ("warm", {"warm_start": [200, 400]})):
        study = copy.deepcopy({**STUDY, "teaching": True})
        if mistakes:
            study["train"]["mistakes"] = mistakes
        plan = paribus.from_mapping(study).plan(jobs=1).plan
        (trial,) = plan_trials(plan, {"base": "digits"}, lambda _: 1)
        spec = DataSpec.parse(trial.variant.data)
        outcomes[name] = run_trial(trial, prepare(load_dataset(spec), spec, seed=0), emit=lambda _: None)  # fmt: skip
    assert outcomes["warm"].observed.first_loss < 0.6 * outcomes["fresh"].observed.first_loss
    assert outcomes["warm"].observed.optimizer_steps == outcomes["fresh"].observed.optimizer_steps  # fmt: skip
    assert outcomes["warm"].metrics["val_loss"] < outcomes["fresh"].metrics["val_loss"]
