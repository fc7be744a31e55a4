"""Networks as modules: the final softmax split off, penalties, residual blocks."""

import keras
import pytest
import torch

from paribus.nn.build import build_network, load_weights
from paribus.nn.initial import initial_weights
from paribus.nn.summary import model_summary
from tests.nn.frameworks import OUT, conv, dense, model

# Keras's own conversion of its variables to NumPy raises it.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")


def test_a_final_softmax_is_split_off():
    for last in ([OUT], [dense(10, "linear"), {"Activation": {"activation": "softmax"}}]):
        network = build_network(model("Flatten", *last), (4, 4, 1))
        assert network.final_activation == "softmax"
        raw = network(torch.randn(3, 1, 4, 4))
        torch.testing.assert_close(network.probabilities(raw), torch.softmax(raw, 1))


def test_penalties_are_kerass():
    layer = {
        "Conv2D": {"filters": 2, "kernel_size": 3, "kernel_regularizer": {"l1": 0.1, "l2": 0.01}}
    }
    ours = model(layer)
    network = build_network(ours, (5, 5, 1))
    load_weights(network, initial_weights(ours, (5, 5, 1), 3))
    kernel = initial_weights(ours, (5, 5, 1), 3)["conv2d_1/kernel"].transpose(2, 3, 1, 0)
    expected = float(keras.regularizers.L1L2(0.1, 0.01)(torch.tensor(kernel)))
    assert network.penalty().item() == pytest.approx(expected, rel=1e-6)
    assert build_network(model(conv(2)), (5, 5, 1)).penalty() is None


def test_residual_and_repeat():
    block = {
        "Residual": {
            "name": "block",
            "layers": [conv(4, padding="same"), "BatchNormalization"],
            "shortcut": [{"Conv2D": {"filters": 4, "kernel_size": 1}}],
            "activation": "relu",
        }
    }
    ours = model(
        block, {"Repeat": {"times": 3, "layers": [conv(4, padding="same")]}}, "Flatten", OUT
    )
    kinds = [layer.name for layer in ours.layers]
    assert len([name for name in kinds if name.startswith("conv2d")]) == 3
    summary = model_summary(ours, (6, 6, 2))
    assert summary.parameters == (4 * 2 * 9 + 4) + 16 + (4 * 2 + 4) + 3 * (4 * 4 * 9 + 4) + (
        144 * 10 + 10
    )
    network = build_network(ours, (6, 6, 2))
    weights = initial_weights(ours, (6, 6, 2), 0)
    assert sum(v.size for v in weights.values()) == summary.parameters
    load_weights(network, weights)
    assert network(torch.randn(2, 2, 6, 6)).shape == (2, 10)
    assert len({v.tobytes() for k, v in weights.items() if k.endswith("kernel")}) == 6
