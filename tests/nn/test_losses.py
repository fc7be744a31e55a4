"""Losses against Keras and by the textbook."""

import keras
import numpy as np
import pytest
import torch

from paribus.keyed import generator
from paribus.nn.losses import build_loss
from tests.nn.trained import spec

# Keras's own conversion of its variables to NumPy raises it.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")


RAW = torch.tensor(generator(3, "sample").normal(0, 3, (6, 4)).astype(np.float32))


LABELS = torch.tensor([0, 3, 1, 2, 2, 0])


ONE_HOT = torch.nn.functional.one_hot(LABELS, 4).float()


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("activation", ["softmax", "sigmoid", "linear"])
@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("categorical_crossentropy", "CategoricalCrossentropy"),
        ("binary_crossentropy", "BinaryCrossentropy"),
        ("mean_squared_error", "MeanSquaredError"),
    ],
)
def test_losses_equal_kerass(name, reference, activation, smoothing):
    loss = build_loss(spec(loss=name, label_smoothing=smoothing), activation, 4)
    output = {"softmax": torch.softmax(RAW, 1), "sigmoid": torch.sigmoid(RAW), "linear": RAW}[
        activation
    ]
    options, targets = {}, ONE_HOT
    if name == "mean_squared_error":
        targets = ONE_HOT * (1 - smoothing) + smoothing / 4
    else:
        options = {"from_logits": activation == "linear", "label_smoothing": smoothing}
    expected = float(getattr(keras.losses, reference)(**options)(targets, output))
    assert loss(RAW, LABELS, "mean").item() == pytest.approx(expected, rel=1e-4)
    assert loss(RAW, LABELS, "sum").item() == pytest.approx(6 * expected, rel=1e-4)


@pytest.mark.parametrize("activation", ["softmax", "sigmoid", "linear"])
def test_half_the_squared_error_is_the_textbooks(activation):
    output = {"softmax": torch.softmax(RAW, 1), "sigmoid": torch.sigmoid(RAW), "linear": RAW}[
        activation
    ]
    expected = float(((output - ONE_HOT) ** 2).sum()) / (2 * len(RAW))
    loss = build_loss(spec(loss="half_squared_error"), activation, 4)
    assert loss(RAW, LABELS, "mean").item() == pytest.approx(expected, rel=1e-6)
    assert loss(RAW, LABELS, "none").sum().item() == pytest.approx(6 * expected, rel=1e-6)


def test_sparse_and_categorical_agree_and_extreme_logits_stay_finite():
    sparse = build_loss(spec(loss="sparse_categorical_crossentropy"), "softmax", 4)
    dense = build_loss(spec(), "softmax", 4)
    assert torch.equal(sparse(RAW, LABELS, "mean"), dense(RAW, LABELS, "mean"))
    for name in ("categorical_crossentropy", "binary_crossentropy"):
        for activation in ("softmax", "sigmoid", "linear"):
            raw = (RAW * 1e4).requires_grad_()
            value = build_loss(spec(loss=name), activation, 4)(raw, LABELS, "mean")
            value.backward()
            assert torch.isfinite(value)
            assert torch.isfinite(raw.grad).all()
