"""Preprocessing is fitted on training images alone, stored, and applied alike to every part."""

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from paribus.data.dataset import make_dataset
from paribus.data.image_arrays import LookUp
from paribus.data.load import describe, load_dataset
from paribus.data.prepare import FittedPreprocessing, open_test, prepare
from tests.data.small_data import spec


def test_statistics_come_from_training_examples_only():
    data = load_dataset(spec())
    rule = spec(preprocess=["scale", {"standardize": {"over": "pixel"}}])
    prepared = prepare(data, rule, seed=0)
    changed = data.images.copy()
    outside = np.setdiff1d(np.arange(len(changed)), prepared.train_ids)
    changed[outside] = 16 - changed[outside]
    other = prepare(
        make_dataset(changed, data.labels, data.class_names, where="x", maximum=16), rule, seed=0
    )
    for name, array in prepared.preprocessing.to_tensors().items():
        assert (other.preprocessing.to_tensors()[name] == array).all()
    assert (other.train_images.array() == prepared.train_images.array()).all()


def test_standardising_equals_scikit_learn_and_survives_constant_pixels():
    data = load_dataset(spec())
    prepared = prepare(data, spec(preprocess=[{"standardize": {"over": "pixel"}}]), seed=0)
    flat = data.images[prepared.train_ids].reshape(len(prepared.train_ids), -1).astype(float)
    scaler = StandardScaler().fit(flat)
    np.testing.assert_allclose(
        prepared.train_images.array().reshape(len(flat), -1), scaler.transform(flat), atol=1e-5
    )
    validation = data.images[prepared.validation_ids].reshape(len(prepared.validation_ids), -1)
    np.testing.assert_allclose(
        prepared.validation_images.array().reshape(len(validation), -1),
        scaler.transform(validation.astype(float)),
        atol=1e-4,
    )
    constant = int((flat.std(0) == 0).sum())
    assert constant > 0
    assert np.isfinite(prepared.train_images.array()).all()
    assert prepared.preprocessing.notes() == (
        f"{constant} pixels are constant in the training images and were divided by 1",
    )


def test_stored_preprocessing_treats_the_test_part_alike():
    data = load_dataset(spec())
    steps = [
        "invert",
        {"pad": {"pixels": 2}},
        {"resize": {"height": 6, "width": 5}},
        "scale",
        {"standardize": {}},
    ]
    rule = spec(preprocess=steps)
    prepared = prepare(data, rule, seed=0)
    fitted = prepared.preprocessing
    restored = FittedPreprocessing.restored(fitted.to_json(), fitted.to_tensors())
    test, again = open_test(data, rule, fitted), open_test(data, rule, restored)
    assert test.images.image_shape == describe(rule).input_shape == (6, 5, 1)
    assert (test.images.array() == again.images.array()).all()
    assert (fitted.apply(data.images[prepared.train_ids]) == prepared.train_images.array()).all()
    assert not set(test.ids) & (set(prepared.train_ids) | set(prepared.validation_ids))


VALUEWISE = [
    [],
    ["scale"],
    ["scale", "invert", {"standardize": {"over": "all"}}],
    [{"standardize": {"over": "channel"}}, {"standardize": {"over": "channel"}}],
]


@pytest.mark.parametrize("steps", VALUEWISE, ids=str)
def test_looking_values_up_gives_the_bits_of_the_steps(steps):
    rng = np.random.default_rng(0)
    raw = rng.integers(0, 256, (400, 5, 4, 3), dtype=np.uint8)
    raw[..., 2] = 7  # constant
    data = make_dataset(raw, np.arange(400) % 4, ("a", "b", "c", "d"), where="x")
    prepared = prepare(data, spec(preprocess=steps), seed=0)
    fitted, ids = prepared.preprocessing, prepared.train_ids
    assert isinstance(prepared.train_images.source, LookUp)
    assert prepared.train_images.source.raw is data.images, "no copy"
    assert (fitted.apply(raw[ids]) == prepared.train_images.array()).all()
    values = raw[ids].astype(np.float64) / (255 if "scale" in steps else 1)
    values = 1 - values if "invert" in steps else values
    for step in steps:
        if isinstance(step, dict):
            axes = (0, 1, 2) if step["standardize"]["over"] == "channel" else None
            deviation = values.std(axes)
            values = (values - values.mean(axes)) / np.where(deviation < 1e-9, 1, deviation)
    np.testing.assert_allclose(prepared.train_images.array(), values, atol=2e-6)
