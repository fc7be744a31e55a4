"""What labs A and B show, rendered from a real run and read back: docs/pictures.md.

Each row is fetched by the call that its page documents. What it shows is compared with what the run has
stored: weights, predictions, curves, trials; not with the code that draws.
"""

import json
import re

import pytest

from paribus.execute.artifacts import read_weights_file
from tests.studies.picture_reading import (
    Tables,
    is_a_curve_of_every_variant,
    is_the_table_of_settings,
    percent,
    rows_of,
    shows_kernels,
    texts,
)

# Lab A


@pytest.mark.slow
@pytest.mark.data
def test_a1_curves_of_loss_and_accuracy(run):
    accuracy, loss = run.alone()
    is_a_curve_of_every_variant(accuracy, run, "accuracy")
    is_a_curve_of_every_variant(loss, run, "loss")


@pytest.mark.slow
@pytest.mark.data
def test_a2_model_summaries(run):
    layers = run.alone()
    assert (layers["parameters"].sum(), layers["trainable"].sum()) == (35_818, 35_594)
    assert list(layers["output"])[:3] == ["26 x 26 x 16", "13 x 13 x 16", "13 x 13 x 16"]
    text = run.part("models")
    for name, parameters, trained in (
        ("one/none", "217,370", "217,370"),
        ("one/batch_norm", "217,754", "217,562"),
        ("two/dropout", "35,370", "35,370"),
        ("two/batch_norm", "35,818", "35,594"),
    ):
        assert f"{name}: {parameters} parameters, {trained} trainable" in text


@pytest.mark.slow
@pytest.mark.data
def test_a3_the_first_convolutions_kernels(run):
    weights, _ = read_weights_file(run.stored("two/batch_norm"))
    assert weights["conv1/kernel"].shape == (16, 1, 3, 3)
    shows_kernels(run.alone(), weights["conv1/kernel"], (2, 8))
    assert any(alt.startswith("conv1: 16 kernels of 3 x 3") for alt in Tables(run.part("kernels")).alts)  # fmt: skip


@pytest.mark.slow
@pytest.mark.data
def test_a4_the_second_convolutions_kernels(run):
    weights, _ = read_weights_file(run.stored("two/batch_norm"))
    assert weights["conv2/kernel"].shape == (16, 16, 3, 3)
    shows_kernels(run.alone(), weights["conv2/kernel"], (16, 16))
    alts = Tables(run.part("kernels")).alts
    assert sum(alt.startswith("conv2: 16 x 16 kernels of 3 x 3") for alt in alts) == 4


@pytest.mark.slow
@pytest.mark.data
def test_a5_the_table_of_accuracies_losses_and_minutes(run):
    found = {row["name"]: row["metrics"] for row in json.loads(run.alone())["variants"]}
    (table,) = Tables(run.part("results")).tables
    (losses,) = Tables(run.part("losses")).tables
    shown, ended = rows_of(table), rows_of(losses)
    assert set(shown) == set(ended) == set(found)
    assert len(found) == 8
    for name, metrics in found.items():
        assert shown[name]["train accuracy"] == percent(metrics["accuracy"]["mean"])
        assert shown[name]["validation accuracy"] == percent(metrics["val_accuracy"]["mean"])
        assert ended[name]["train loss"] == f"{metrics['loss']['mean']:.3f}"
        assert ended[name]["validation loss"] == f"{metrics['val_loss']['mean']:.3f}"
        minutes = run.trials()[name].wall_seconds / 60
        assert float(shown[name]["minutes"]) == pytest.approx(minutes, rel=0.06)
        assert minutes > 0


@pytest.mark.slow
@pytest.mark.data
def test_a6_the_best_variant_refitted_and_tested(run):
    chosen = run.alone()
    best = max(run.trials().values(), key=lambda trial: trial.metrics["val_accuracy"])
    assert chosen.variant == best.variant
    (refit,) = [t for t in run.results.summary.trials if t.fit_on == "train+validation"]
    assert chosen.test["test_accuracy"].mean == refit.metrics["test_accuracy"]
    text = re.sub(r"<[^>]*>", "", run.part("results"))
    assert "refitted on training and validation images together" in text
    assert f"{percent(refit.metrics['test_accuracy'])} test accuracy" in text


# Lab B


@pytest.mark.slow
@pytest.mark.data
def test_b1_losses_per_epoch_of_each_model(run):
    drawing = run.alone()
    is_a_curve_of_every_variant(drawing, run, "loss")
    said = texts(drawing.svg)
    assert all(f"model{k} (n 1)" in said for k in range(1, 6))


@pytest.mark.slow
@pytest.mark.data
def test_b2_the_settings_of_five_models(run):
    table = run.alone()
    columns = ["convolutions", "pooling", "dropout", "batch norm.", "dense units", "optimizer"]
    assert list(table.columns[:6]) == columns
    assert [tuple(table.loc[f"model{k}"][:6]) for k in range(1, 6)] == [
        ("3×3: 32, 64, 128", "max: 2×2, 2×2", "0.25, 0.5", "no", "128, 10", "Adadelta 1"),
        ("3×3: 32, 64", "max: 2×2", "0.25, 0.5", "no", "128, 10", "Adadelta 1"),
        ("3×3: 128; 5×5: 64; 3×3: 32", "max: 2×2, 2×2", "no", "2 layers", "128, 32, 10", "Adam 0.001"),
        ("3×3: 64; 5×5: 32; 3×3: 16", "max: 2×2, 2×2", "0.25, 0.4", "1 layer", "64, 10", "Adadelta 1"),
        ("3×3: 64; 5×5: 32", "max: 2×2, 2×2", "0.4", "1 layer", "64, 10", "Adadelta 1"),
    ]  # fmt: skip
    is_the_table_of_settings(table, run)
