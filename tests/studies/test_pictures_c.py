"""What lab C shows, rendered from a real run and read back: docs/pictures.md.

Each row is fetched by the call that its page documents. What it shows is compared with what the run has
stored: weights, predictions, curves, trials; not with the code that draws.
"""

import json
import re

import numpy as np
import pytest
from PIL import Image

from paribus.api.report.gallery import load_gallery
from paribus.data.sources.fashion_mnist import SOURCE
from tests.studies.picture_reading import (
    Tables,
    is_a_curve_of_every_variant,
    matrices,
    numbers,
    page_images,
    shows_images,
    tiles,
)
from tests.studies.picture_rows import first_images, guesses_of, oracle

# Lab C


@pytest.mark.slow
def test_c1_gradients_of_every_weight_by_hand(run):
    found = json.loads(run.alone())
    assert found["agree"]
    for name, units in (("3", 3), ("12", 12)):
        shapes = {tuple(row["shape"]) for row in found["variants"][name]}
        names = [row["name"] for row in found["variants"][name]]
        assert len(names) == 4
        assert shapes == {(units, 64), (units,), (10, units), (10,)}
        assert all(row["by_hand"] > 0 for row in found["variants"][name])
        assert all(row["autograd_error"] < 1e-6 for row in found["variants"][name])
    assert "hidden" in run.part("models")


@pytest.mark.slow
@pytest.mark.data
def test_c2_the_first_25_development_images(run):
    _, images, names = first_images(run, "train")
    shown, captions = tiles(run.alone(), 1)
    shows_images(shown, images)
    assert all((caption < 100).any() for caption in captions), "every image has a label"
    assert page_images(run, "train") == names


@pytest.mark.slow
@pytest.mark.data
def test_c3_the_first_25_test_images(run):
    _, images, names = first_images(run, "test")
    shown, captions = tiles(run.alone(), 1)
    shows_images(shown, images)
    assert all((caption < 100).any() for caption in captions)
    assert [text.partition(", taken")[0] for text in page_images(run, "test")] == names
    assert set(names) <= set(SOURCE.class_names)


@pytest.mark.slow
@pytest.mark.data
def test_c4_shapes_and_summaries(run):
    text = run.alone()
    known = {
        "dense": (109_386, 109_386),
        "lenet (baseline)": (142_346, 142_346),
        "lenet_as_specified": (61_706, 61_706),
        "batch_norm": (142_434, 142_390),
    }
    for name, (parameters, trained) in known.items():
        line = f"{name}: {parameters:,} parameters, {trained:,} trainable"
        assert line in " ".join(text.split())
        assert line.replace(" (baseline)", "") in run.part("models")
    assert re.search(r"\bc1 +Conv2D +28 x 28 x 6 +156\b", text)
    (table, *_) = Tables(run.part("models")).tables
    assert ["c2", "Conv2D", "14 x 14 x 16", "2,416"] in table
    design = Tables(run.part("design")).tables[0]
    assert design[1][:2] == ["lenet", "28 x 28 x 1"]


@pytest.mark.slow
@pytest.mark.data
def test_c5_the_output_for_one_image_sums_to_one(run, tmp_path):
    gallery = load_gallery(run.folder)
    Image.fromarray(gallery.images[0][..., 0]).save(tmp_path / "one.png")
    (found,) = json.loads(run.alone(IMAGE=tmp_path / "one.png"))
    assert tuple(found["probabilities"]) == SOURCE.class_names
    assert sum(found["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert found["probability"] == max(found["probabilities"].values())


@pytest.mark.slow
@pytest.mark.data
def test_c6_curves_of_loss_and_accuracy(run):
    for drawing, quantity in zip(run.alone(), ("accuracy", "loss"), strict=True):
        is_a_curve_of_every_variant(drawing, run, quantity)


@pytest.mark.slow
@pytest.mark.data
def test_c7_the_confusion_matrix_has_class_names(run):
    counts, names = oracle(run)
    frame = run.alone()
    assert list(frame.index) == list(frame.columns) == names == list(SOURCE.class_names)
    np.testing.assert_array_equal(frame.to_numpy(), counts)
    shown = matrices(run, "test")[0]
    assert shown[0] == ["", *names]
    assert [row[0] for row in shown[1:]] == names
    assert [numbers(row[1:]) for row in shown[1:]] == counts.tolist()


@pytest.mark.slow
@pytest.mark.data
def test_c8_25_test_images_with_class_and_prediction(run):
    ids, images, names = first_images(run, "test")
    shown, captions = tiles(run.alone(), 2)
    shows_images(shown, images)
    said = [SOURCE.class_names[guess] for guess in guesses_of(run, ids)]
    wrong = [guess != truth for guess, truth in zip(said, names, strict=True)]
    red = [bool(((c[..., 0] - c[..., 1]) > 80).any()) for c in captions]
    assert red == wrong
    lower = [(caption[16:] < 120).any() for caption in captions]
    assert all(lower), "a second line with the prediction under every image"
    expected = [f"{t}, taken for {g}" for t, g in zip(names, said, strict=True)]
    assert page_images(run, "test") == expected
