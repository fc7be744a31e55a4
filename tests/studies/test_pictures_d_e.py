"""What labs D and E show, rendered from a real run and read back: docs/pictures.md.

Each row is fetched by the call that its page documents. What it shows is compared with what the run has
stored: weights, predictions, curves, trials; not with the code that draws.
"""

import json
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from paribus.charts.base.learning import examples_of
from paribus.charts.learning_by_split import points as split_points
from paribus.execute.artifacts import read_predictions, read_weights_file
from tests.studies.picture_reading import (
    Tables,
    is_a_curve_of_every_variant,
    is_the_table_of_settings,
    matrices,
    numbers,
    percent,
    rows_of,
    texts,
)
from tests.studies.picture_rows import oracle, summaries

# Lab D


@pytest.mark.slow
@pytest.mark.data
def test_d1_the_diagram_of_the_final_model(run):
    found = texts(run.alone().svg)
    assert found.count("BatchNormalization") == 2
    assert found.count("Dropout") == 2
    assert found.count("Conv2D") == 4
    assert {"input", "32 x 32 x 3", "conv2", "32 x 32 x 128", "hidden", "output"} <= set(found)
    new = [node for node in ET.fromstring(run.alone().svg).iter() if node.get("stroke") == "#d55e00"]  # fmt: skip
    layers = run.results.tables.layers("final")
    old = run.results.tables.layers("cnn")
    assert len(layers) - len(old) == 5, "two batch normalisations, two dropouts, a dense layer"
    assert len(new) == 6, "those, and an output layer of another size"
    assert (
        sum(alt.startswith("The layers of final") for alt in Tables(run.part("models")).alts) == 1
    )


@pytest.mark.slow
@pytest.mark.data
def test_d2_curves_of_every_model(run):
    for drawing, quantity in zip(run.alone(), ("accuracy", "loss"), strict=True):
        is_a_curve_of_every_variant(drawing, run, quantity)


@pytest.mark.slow
@pytest.mark.data
def test_d3_test_loss_and_accuracy_of_every_model(run):
    found = {row["name"]: row["metrics"] for row in json.loads(run.alone())["variants"]}
    shown = rows_of(Tables(run.part("results")).tables[0])
    losses = rows_of(Tables(run.part("losses")).tables[0])
    assert set(found) == {"cnn", "dense", "dropout", "final"}
    for name, metrics in found.items():
        assert shown[name]["test accuracy"] == percent(metrics["test_accuracy"]["mean"])
        assert losses[name]["test loss"] == f"{metrics['test_loss']['mean']:.3f}"
        stored = read_predictions(run.stored(name), "test")
        right = (stored.probabilities.argmax(1) == stored.labels).mean()
        assert metrics["test_accuracy"]["mean"] == pytest.approx(right)


@pytest.mark.slow
@pytest.mark.data
def test_d4_parameters_beside_accuracy(run):
    drawing = run.alone()
    assert drawing.title == "Accuracy and size"
    named = ", ".join(texts(drawing.svg))
    assert all(name in named for name in ("cnn", "dense", "dropout", "final"))
    shown = rows_of(Tables(run.part("results")).tables[0])
    for name in ("cnn", "dense", "dropout", "final"):
        weights, _ = read_weights_file(run.stored(name))
        count = sum(np.size(values) for values in weights.values())
        assert shown[name]["parameters"] == f"{count:,}"
    assert shown["dense"]["parameters"] == "462,460"
    assert "Accuracy and size" in run.part("cost")


@pytest.mark.slow
@pytest.mark.data
def test_d5_batch_size_by_batch_normalisation(run):
    grid, lines = run.alone()
    assert grid.title == "batch_size x batch_norm: means"
    found = texts(grid.svg)
    assert {"2", "16", "128", "1024", "with", "without"} <= set(found)
    means = sorted(percent(row["metrics"]["val_accuracy"]["mean"]) for row in summaries(run).values())  # fmt: skip
    assert sorted(text for text in found if text.endswith(" %") and text in means) == means
    assert len(means) == 8
    assert {"with", "without"} <= set(texts(lines.svg))
    assert "Does the effect of batch_size depend on batch_norm?" in run.part("overview")


# Lab E


@pytest.mark.slow
@pytest.mark.data
def test_e1_train_and_test_accuracy_against_size(run):
    drawing = run.alone()
    assert drawing.title == "Learning curve: train and test accuracy"
    assert drawing.title in run.part("cost")
    lines = {"passes, train", "passes, test", "steps, train", "steps, test"}
    found = texts(drawing.svg)
    assert lines <= set(found)
    assert {"100", "250", "500"} <= set(found)
    points = split_points(run.results.manifest.plan, run.results.summary)
    assert {point.series for point in points} == lines
    assert len(points) == 20
    for point in points:
        metric = "accuracy" if point.series.endswith("train") else "test_accuracy"
        trial = run.trials()[point.variant]
        assert (point.mean, point.examples) == (
            trial.metrics[metric],
            trial.observed.train_examples,
        )
        assert point.series.partition(",")[0] == trial.levels["budget"]
    assert sorted(set(examples_of(run.results.summary).values())) == [100, 250, 500, 1000, 1050]


@pytest.mark.slow
@pytest.mark.data
def test_e2_the_learning_curve_on_own_handwriting(run, real_data, tmp_path):
    own = tmp_path / "own"
    for label in range(10):
        (own / str(label)).mkdir(parents=True)
        files = sorted((real_data / "handwritten-digits" / "images" / str(label)).glob("*.png"))
        for file in files[:2]:
            (own / str(label) / file.name).write_bytes(file.read_bytes())
    chart = tmp_path / "curve.svg"
    found = json.loads(run.alone(FOLDER=own, CHART=chart))
    assert found["images"] == 20
    assert [row["name"] for row in found["variants"]] == [
        variant.name for variant in run.results.manifest.plan.variants
    ]
    for row in found["variants"]:
        assert row["mean"] * 20 == pytest.approx(round(row["mean"] * 20))
    shown = texts(chart.read_text(encoding="utf-8"))
    assert {"passes", "steps", "100", "250", "500"} <= set(shown)


@pytest.mark.slow
@pytest.mark.data
def test_e3_the_confusion_matrix(run):
    counts, names = oracle(run)
    np.testing.assert_array_equal(run.alone().to_numpy(), counts)
    shown = matrices(run, "test")[0]
    assert shown[0] == ["", *names] == ["", *"0123456789"]
    assert [numbers(row[1:]) for row in shown[1:]] == counts.tolist()


@pytest.mark.slow
@pytest.mark.data
def test_e4_the_normalised_confusion_matrix_of_the_best(run):
    counts, _ = oracle(run)
    shares = counts / counts.sum(1, keepdims=True)
    np.testing.assert_allclose(run.alone().to_numpy(), shares)
    best = max(run.trials().values(), key=lambda trial: trial.metrics["val_accuracy"]).variant
    assert f"Confusion matrix of {best}</h2>" in run.part("errors")
    shown = np.array([numbers(row[1:]) for row in matrices(run, "test")[1][1:]])
    whole = 100 if shown.sum(1).max() > 50 else 1
    np.testing.assert_allclose(shown / whole, shares, atol=0.006)


@pytest.mark.slow
@pytest.mark.data
def test_e5_the_settings_tried(run):
    table = run.alone()
    assert len(table) == 11
    assert table.loc["deeper_bn_bn", "convolutions"] == "3×3: 32, 64, 64"
    assert table.loc["kernels_5", "convolutions"] == "5×5: 32, 64, 64"
    assert table.loc["dense_5_conv_128", "convolutions"] == "3×3: 32, 64, 128"
    assert table.loc["bn", "batch norm."] == "1 layer"
    assert list(table.loc[["dense_1000", "dense_64", "dense_11", "dense_5"], "dense units"]) == [
        "1000, 10",
        "64, 10",
        "11, 10",
        "5, 10",
    ]
    is_the_table_of_settings(table, run)
