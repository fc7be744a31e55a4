"""Hand-derived gradients against autograd and finite differences: every layer, activation and loss of the registry."""

import json

import numpy as np
import pytest

from paribus.engine.inspection.gradcheck import check_gradients
from paribus.nn.layer import ACTIVATIONS
from paribus.nn.registry import LAYERS
from paribus.study.expand import expand
from paribus.study.load import study_from_mapping

CONV = {"Conv2D": {"filters": 4, "kernel_size": 3, "padding": "same", "activation": "tanh"}}
DENSE = {"Dense": {"units": 10, "activation": "softmax"}}
TOLERANCE = 1e-6


def variant_of(layers, *, loss="categorical_crossentropy", defaults="keras", smoothing=0.0):
    study = {
        "study": "g",
        "data": {"source": "digits", "preprocess": ["scale"]},
        "model": {"defaults": defaults, "layers": layers},
        "train": {"optimizer": "SGD", "epochs": 1, "batch_size": 32, "loss": loss, "label_smoothing": smoothing},
    }  # fmt: skip
    return expand(study_from_mapping(study)).variants[0]


def batch(count=6, classes=10):
    draws = np.random.default_rng(0)
    return draws.normal(0, 1, (count, 8, 8, 1)).astype(np.float32), draws.integers(
        0, classes, count
    )


def assert_right(variant, *, training=True, count=6):
    rows = check_gradients(variant, *batch(count), seed=3, training=training)
    assert rows
    for row in rows:
        assert row.autograd_error < TOLERANCE, row
        assert row.nudge_error < TOLERANCE, row


IMAGE_LAYERS = {
    "Input": [{"Input": {"shape": [8, 8, 1]}}],
    "Conv2D": [{"Conv2D": {"filters": 3, "kernel_size": [3, 2], "strides": [2, 1], "padding": "same", "activation": "gelu"}}],
    "DepthwiseConv2D": [CONV, {"DepthwiseConv2D": {"kernel_size": 3, "depth_multiplier": 2, "strides": 2, "padding": "same"}}],
    "SeparableConv2D": [CONV, {"SeparableConv2D": {"filters": 5, "kernel_size": 3, "depth_multiplier": 2, "padding": 1}}],
    "MaxPooling2D": [CONV, {"MaxPooling2D": {"pool_size": 3, "strides": 2, "padding": "same"}}],
    "AveragePooling2D": [CONV, {"AveragePooling2D": {"pool_size": 3, "strides": 2, "padding": "same"}}],
    "ZeroPadding2D": [CONV, {"ZeroPadding2D": {"padding": [[1, 0], [2, 1]]}}, CONV],
    "Dropout": [CONV, {"Dropout": {"rate": 0.4}}, {"Dropout": {"rate": 0.2}}],
    "SpatialDropout2D": [CONV, {"SpatialDropout2D": {"rate": 0.4}}],
    "BatchNormalization": [CONV, "BatchNormalization", {"MaxPooling2D": {}}],
    "LayerNormalization": [CONV, "LayerNormalization"],
    "GroupNormalization": [CONV, {"GroupNormalization": {"groups": 2}}],
    "Activation": [{"Conv2D": {"filters": 2, "kernel_size": 3}}, {"Activation": {"activation": "softplus"}}],
    "ReLU": [{"Conv2D": {"filters": 2, "kernel_size": 3}}, "ReLU"],
    "LeakyReLU": [{"Conv2D": {"filters": 2, "kernel_size": 3}}, "LeakyReLU"],
    "Rescaling": [CONV, {"Rescaling": {"scale": 0.3, "offset": -1.0}}, CONV],
    "Residual": [CONV, {"Residual": {"layers": [CONV, "BatchNormalization"], "shortcut": [{"Conv2D": {"filters": 4, "kernel_size": 1}}], "activation": "relu"}}],
    "Repeat": [{"Repeat": {"times": 2, "layers": [CONV, "BatchNormalization"]}}],
}  # fmt: skip
FLAT_LAYERS = {
    "Flatten": ["Flatten"],
    "Dense": ["Flatten", {"Dense": {"units": 7, "activation": "sigmoid", "kernel_regularizer": {"l1": 0.01, "l2": 0.02}, "bias_regularizer": {"l2": 0.1}}}],
    "GlobalAveragePooling2D": [CONV, "GlobalAveragePooling2D"],
    "GlobalMaxPooling2D": [CONV, "GlobalMaxPooling2D"],
}  # fmt: skip


def test_every_layer_of_the_registry_is_here():
    assert {*IMAGE_LAYERS, *FLAT_LAYERS} == set(LAYERS)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("defaults", ["keras", "torch"])
@pytest.mark.parametrize("name", LAYERS)
def test_a_layer(name, defaults, training):
    layers = [*IMAGE_LAYERS[name], "Flatten"] if name in IMAGE_LAYERS else FLAT_LAYERS[name]
    copies = json.loads(json.dumps([*layers, DENSE]))
    assert_right(variant_of(copies, defaults=defaults), training=training)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_an_activation_inside(activation):
    hidden = {"Dense": {"units": 6, "activation": activation}}
    if activation == "softmax":
        hidden = {"Dense": {"units": 6}}
        assert_right(
            variant_of(["Flatten", hidden, {"Activation": {"activation": "softmax"}}, DENSE])
        )
    assert_right(variant_of(["Flatten", hidden, DENSE]))


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("final", ["softmax", "sigmoid", "linear"])
@pytest.mark.parametrize(
    "loss",
    ["categorical_crossentropy", "sparse_categorical_crossentropy", "mean_squared_error", "half_squared_error", "binary_crossentropy"],
)  # fmt: skip
def test_a_loss(loss, final, smoothing):
    layers = ["Flatten", {"Dense": {"units": 10, "activation": final}}]
    assert_right(variant_of(layers, loss=loss, smoothing=smoothing))


def test_batch_norm_of_flat_inputs_and_lenet_and_the_two_layer_network():
    assert_right(
        variant_of(["Flatten", {"Dense": {"units": 6}}, "BatchNormalization", "ReLU", DENSE])
    )
    lenet = [
        {"Conv2D": {"filters": 6, "kernel_size": 3, "padding": "same", "activation": "relu"}},
        "MaxPooling2D",
        {"Conv2D": {"filters": 8, "kernel_size": 3, "activation": "relu"}},
        "Flatten",
        {"Dense": {"units": 12, "activation": "relu"}},
        DENSE,
    ]
    assert_right(variant_of(lenet))
    two = ["Flatten", {"Dense": {"units": 3, "activation": "sigmoid"}}, {"Dense": {"units": 10, "activation": "sigmoid"}}]  # fmt: skip
    assert_right(variant_of(two, loss="half_squared_error"))


def test_the_textbooks_two_layer_formulas():
    """delta_2 = (y - t) y (1 - y) / N; dW2 = delta_2^T h; delta_1 = (delta_2 W2) h (1 - h)."""
    from paribus.nn.initial import initial_weights
    from paribus.nn.spec import ModelSpec
    from paribus.reference.network import build_reference

    variant = variant_of(
        ["Flatten", {"Dense": {"name": "one", "units": 3, "activation": "sigmoid"}}, {"Dense": {"name": "two", "units": 10, "activation": "sigmoid"}}],
        loss="half_squared_error",
    )  # fmt: skip
    model = ModelSpec.parse(variant.model)
    weights = initial_weights(model, (8, 8, 1), 0)
    images, labels = batch(5)
    x, t = images.reshape(5, -1).astype(np.float64), np.eye(10)[labels]
    s = lambda z: 1 / (1 + np.exp(-z))  # noqa: E731
    h = s(x @ weights["one/kernel"].T + weights["one/bias"])
    y = s(h @ weights["two/kernel"].T + weights["two/bias"])
    delta_2 = (y - t) * y * (1 - y) / 5
    delta_1 = (delta_2 @ weights["two/kernel"]) * h * (1 - h)
    network = build_reference(model, (8, 8, 1), weights)
    loss, found = network.gradients(images.astype(np.float64), labels, loss="half_squared_error")
    assert loss == pytest.approx(np.sum((y - t) ** 2) / (2 * 5))
    expected = {"two/kernel": delta_2.T @ h, "two/bias": delta_2.sum(0), "one/kernel": delta_1.T @ x, "one/bias": delta_1.sum(0)}  # fmt: skip
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-10, atol=1e-14)
