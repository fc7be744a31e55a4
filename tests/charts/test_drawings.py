"""Charts and pictures of a study: their numbers by hand or by scikit-learn, their drawings read back."""

import base64
import io
import math
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image
from scipy import stats
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from paribus.charts.base.costs import cost_points
from paribus.charts.base.costs import draw_costs as draw_cost
from paribus.charts.base.learning import (
    draw_learning_curve,
    examples_of,
    learning_points,
    series_of,
    values_of,
)
from paribus.charts.claims import draw as draw_claims
from paribus.charts.claims import points as claim_points
from paribus.charts.confusion import draw as draw_confusion
from paribus.charts.confusion_difference import draw as draw_confusion_difference
from paribus.charts.networks import draw as draw_model
from paribus.charts.networks import points as boxes_of
from paribus.charts.reliability import draw as draw_calibration
from paribus.judge.confusion import confusion, confusion_difference
from paribus.judge.per_class import calibration_error, calibration_points, per_class
from paribus.judge.results import ClaimRow, StudyResults, VariantSummary
from paribus.judge.statistics.effects import Interval
from paribus.nn.summary import LayerRow, ModelSummary
from paribus.pictures.base.sheet import sheet_png
from paribus.pictures.kernels import kernel_pictures
from paribus.records import Claim, Plan, Predictions, SelectRule, StoredTrial, Variant

HOSTILE = "<script>alert(1)</script>"


def texts(svg):
    return [node.text for node in ET.fromstring(svg).iter() if node.text and node.text.strip()]


def pixels_of(uri):
    with Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def predictions(seeds=3, images=200, classes=4):
    draws = np.random.default_rng(0)
    labels = draws.integers(0, classes, images)
    found = []
    for _ in range(seeds):
        scores = draws.normal(0, 1, (images, classes))
        scores[np.arange(images), labels] += 1.5
        probabilities = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
        found.append(
            Predictions("validation", np.arange(images), labels, probabilities.astype(np.float32))
        )
    return found


def test_recall_and_precision_are_scikit_learns():
    items = predictions()
    rows = per_class(items, ("a", "b", "c", "d"))
    oracle = [precision_recall_fscore_support(i.labels, i.probabilities.argmax(1)) for i in items]
    for label, row in enumerate(rows):
        recalls = [found[1][label] for found in oracle]
        precisions = [found[0][label] for found in oracle]
        assert row.recall == pytest.approx((np.mean(recalls), min(recalls), max(recalls)))
        assert row.precision == pytest.approx(
            (np.mean(precisions), min(precisions), max(precisions))
        )
        assert row.images == oracle[0][3][label]
    never = Predictions(
        "test", np.arange(2), np.array([0, 0]), np.array([[1, 0], [1, 0]], np.float32)
    )
    assert per_class([never], ("a", "b"))[1].precision == (0.0, 0.0, 0.0)


def test_reliability_is_accuracy_by_probability():
    items = predictions(seeds=2)
    points = calibration_points(items)
    confidence = np.concatenate([i.probabilities.max(1) for i in items])
    right = np.concatenate([i.probabilities.argmax(1) == i.labels for i in items])
    own = (confidence >= 0.7) & (confidence < 0.8)
    point = next(p for p in points if 0.7 <= p.confidence < 0.8)
    assert (point.accuracy, point.share) == pytest.approx((right[own].mean(), own.mean()))
    assert sum(p.share for p in points) == pytest.approx(1)
    by_hand = sum(
        abs(confidence[b].mean() - right[b].mean()) * b.mean()
        for k in range(10)
        if (b := (confidence >= k / 10) & ((confidence < (k + 1) / 10) | (k == 9))).any()
    )
    assert calibration_error(points) == pytest.approx(by_hand)
    assert sum(p.guesses for p in points) == 400
    assert "probability of the guess (n 400 guesses)" in texts(draw_calibration(points))


def test_the_drawn_confusion_matrix_has_percent_range_and_count():
    items = predictions(seeds=3, images=400)
    names = ("a", "b", "c", HOSTILE)
    matrix = confusion(items, names)
    single = [confusion_matrix(i.labels, i.probabilities.argmax(1)) for i in items]
    shares = np.array([counts / counts.sum(1, keepdims=True) for counts in single])
    svg = draw_confusion(matrix, "validation")
    pooled = sum(single)
    expected = {
        f"{100 * pooled[1, 2] / pooled[1].sum():.1f} %",
        f"{100 * shares[:, 1, 2].min():.1f}–{100 * shares[:, 1, 2].max():.1f}",
        f"{pooled[1, 2]}",
        "3 seeds together, n 1,200 guesses",
        "truth",
    }
    assert expected <= set(texts(svg))
    assert "<script" not in svg
    other = confusion(items[:1], names)
    found = confusion_difference((HOSTILE, matrix), ("y", other), "validation")
    svg = draw_confusion_difference(found)
    assert f"{100 * (pooled[1, 2] / pooled[1].sum() - shares[0, 1, 2]):+.1f}" in texts(svg)
    assert "<script" not in svg


def test_the_first_layers_kernels_are_filters_pixel_by_pixel():
    kernel = np.zeros((2, 1, 3, 3), np.float32)
    kernel[0, 0, 0, 0], kernel[1, 0, 2, 2] = 1.0, -0.5
    (picture,) = kernel_pictures(
        {"conv/kernel": kernel, "conv/bias": np.zeros(2), "dense/kernel": np.zeros((3, 3))}
    )
    assert picture.caption.startswith("conv: 2 kernels of 3 x 3; orange is positive")
    image = pixels_of(picture.uri)
    assert image.shape == (picture.height, picture.width, 3)
    factor, gap = 18, 9
    assert tuple(image[gap + 1, gap + 1]) == (213, 94, 0)
    second = gap + (3 * factor + gap)
    assert tuple(image[gap + 2 * factor + 1, second + 2 * factor + 1]) == (128, 172, 208)
    assert tuple(image[gap + factor + 1, gap + factor + 1]) == (255, 255, 255)


def test_deeper_kernels_are_a_grid_of_inputs_and_outputs_and_colour_kernels_are_coloured():
    deep, colour = kernel_pictures(
        {
            "deep/kernel": np.ones((5, 4, 3, 3), np.float32),
            "first/kernel": np.ones((20, 3, 5, 5), np.float32),
        }
    )
    assert "deep: 4 x 5 kernels of 3 x 3; a row per output, a column per input" in deep.caption
    assert deep.height > deep.width
    assert "each as the colours it responds to" in colour.caption
    large = kernel_pictures({"c/kernel": np.ones((128, 128, 3, 3), np.float32)})[0]
    assert large.width >= 128 * 4


def plan_and_results():
    levels = {"images": ("100", "200"), "way": ("a", HOSTILE)}
    variants = tuple(
        Variant(f"{n}/{w}", {"images": n, "way": w}, {}, {}, {})
        for n in levels["images"]
        for w in levels["way"]
    )
    plan = Plan("s", "q", variants[0].name, levels, variants, (0, 1, 2), (), SelectRule())
    trials = tuple(
        StoredTrial(
            f"{v.name}{k}", v.name, v.levels, k, "train", "done", 1, 1, 2.0 + i,
            {"val_accuracy": 0.5 + 0.1 * i + 0.01 * k}, observed={"train_examples": int(v.levels["images"])},
        )
        for i, v in enumerate(variants)
        for k in range(3)
    )  # fmt: skip
    rows = tuple(
        VariantSummary(
            v.name, v.levels, 3, 0, {"val_accuracy": Interval(0.51 + 0.1 * i, 0.5, 0.7, 0.01, 3)}
        )
        for i, v in enumerate(variants)
    )
    claim = Claim(
        "c",
        f"{HOSTILE} > b on val_accuracy",
        "f",
        "a",
        ">",
        "b",
        "val_accuracy",
        margin=0.01,
        published="0.9 > 0.8",
    )
    claims = (
        ClaimRow(claim, "supported", 0.03, 0.02, 0.04, 5, ""),
        ClaimRow(claim, "undecided", math.nan, math.nan, math.nan, 0, ""),
    )
    return plan, StudyResults("s", True, trials, rows, (), claims, None, (), ())


def test_claims_are_drawn_with_margin_verdict_and_published_value():
    _, results = plan_and_results()
    (point,) = claim_points(results)
    assert (point.estimate, point.low, point.high, point.margin) == pytest.approx((3, 2, 4, 1))
    assert point.published == pytest.approx(10)
    svg = draw_claims([point])
    assert {"supported, n 5", "difference of the two sides, left - right (points)"} <= set(
        texts(svg)
    )
    assert "<script" not in svg


def test_costs_are_parameters_and_seconds_with_names_that_do_not_overlap():
    _, results = plan_and_results()
    summaries = {
        row.name: ModelSummary((LayerRow("d", "Dense", (10,), 1000, 1000),), (10,))
        for row in results.variants
    }
    points = cost_points(results, summaries, "val_accuracy")
    assert [(p.parameters, p.seconds) for p in points] == [
        (1000, 2.0),
        (1000, 3.0),
        (1000, 4.0),
        (1000, 5.0),
    ]
    for cost in ("parameters", "seconds"):
        svg = draw_cost(points, "val_accuracy", cost)
        assert "validation accuracy, mean over seeds (n 3)" in texts(svg)
        assert "<script" not in svg
    twins = [
        points[0],
        points[0].__class__("twin", 1000, 2.0, points[0].mean, 0.5, 0.7, 3),
        points[3],
    ]
    assert any(
        text == "100/a, twin" for text in texts(draw_cost(twins, "val_accuracy", "parameters"))
    )


def test_a_learning_curve_has_a_line_per_other_level_and_every_seed():
    plan, results = plan_and_results()
    examples, values = examples_of(results), values_of(results, "val_accuracy")
    series = series_of(plan, examples)
    assert series == {
        "100/a": "a",
        f"100/{HOSTILE}": HOSTILE,
        "200/a": "a",
        f"200/{HOSTILE}": HOSTILE,
    }
    points = learning_points(examples, series, values)
    point = next(p for p in points if p.variant == "200/a")
    low, high = stats.t.interval(0.95, 2, np.mean(point.values), stats.sem(point.values))
    assert (point.examples, point.low, point.high) == pytest.approx((200, low, high))
    svg = draw_learning_curve(points, "validation accuracy")
    assert {"100", "200", "training examples (logarithmic)", "validation accuracy (n 3)"} <= set(
        texts(svg)
    )
    assert "<script" not in svg


def test_a_diagram_has_a_box_per_layer_and_marks_what_the_baseline_has_not():
    conv = LayerRow("conv", "Conv2D", (26, 26, 16), 160, 160)
    norm = LayerRow(HOSTILE, "BatchNormalization", (26, 26, 16), 64, 32)
    rest = [LayerRow(f"d{k}", "Dense", (10,), 90, 90) for k in range(8)]
    baseline = ModelSummary((conv, *rest), (10,))
    boxes = boxes_of(ModelSummary((conv, norm, *rest), (10,)), (28, 28, 1), baseline)
    assert [box.name for box in boxes if box.changed] == [HOSTILE]
    svg = draw_model(boxes)
    assert "<script" not in svg
    found = texts(svg)
    assert {"input", "28 x 28 x 1", "conv", "Conv2D", "26 x 26 x 16", "160 parameters"} <= set(
        found
    )
    drawn = [node for node in ET.fromstring(svg).iter() if node.tag.endswith("rect")]
    assert len(drawn) == 1 + len(boxes)
    assert [node.get("stroke") for node in drawn[1:]].count("#d55e00") == 1
    inside = ET.fromstring(svg)
    assert all(
        float(n.get("x")) + float(n.get("width")) <= float(inside.get("width")) for n in drawn[1:]
    )


def test_a_sheet_shows_every_picture_without_smoothing():
    images = [np.full((7, 7, 1), value, np.uint8) for value in (0, 8, 16)]
    data = sheet_png(images, [("one", False), ("two", True), ("three", False)], maximum=16)
    with Image.open(io.BytesIO(data)) as sheet:
        pixels = np.asarray(sheet)
    assert tuple(pixels[20, 20]) == (0, 0, 0)
    assert tuple(pixels[20, 8 + 104 + 20]) == (128, 128, 128)
    assert tuple(pixels[20, 8 + 208 + 20]) == (255, 255, 255)


def test_the_difference_of_two_matrices_is_in_shares_of_the_true_class():
    one, other = (confusion(predictions(seeds), ("a", "b", "c", "d")) for seeds in (3, 1))
    found = confusion_difference(("x", one), ("y", other), "validation")
    expected = np.array(one.shares) - np.array(other.shares)
    np.testing.assert_allclose(np.array(found.shares), expected)
    assert np.abs(np.array(found.shares).sum(1)).max() < 1e-12
    assert (found.left, found.right, found.split) == ("x", "y", "validation")
