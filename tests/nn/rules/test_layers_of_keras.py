"""Every layer computes what Keras or PyTorch computes."""

import math

import keras
import numpy as np
import pytest
import torch

from paribus.keyed import generator
from paribus.nn.build import build_network, load_weights, read_weights
from paribus.nn.initial import initial_weights
from paribus.nn.registry import LAYERS
from paribus.nn.summary import model_summary
from tests.nn.frameworks import OUT, POOL, conv, drop, keras_layer, model

# Keras's own conversion of its variables to NumPy raises it.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")


def copied_to_keras(layer, weights):
    """Set a built Keras layer's weights from ours."""
    order = {
        "DepthwiseConv2D": ["kernel", "bias"],
        "SeparableConv2D": ["depthwise_kernel", "pointwise_kernel", "bias"],
    }.get(
        layer.__class__.__name__,
        ["kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance"],
    )
    values = []
    for name in order:
        array = next((v for k, v in weights.items() if k.endswith(f"/{name}")), None)
        if array is None:
            continue
        if array.ndim == 4:
            array = (
                array.transpose(2, 3, 0, 1)
                if "depthwise" in name
                or (order[0] == "kernel" and layer.__class__.__name__ == "DepthwiseConv2D")
                else array.transpose(2, 3, 1, 0)
            )
        values.append(array.T if array.ndim == 2 else array)
    layer.set_weights(values)


IMAGE_LAYERS = [
    {"Conv2D": {"filters": 3, "kernel_size": [3, 2]}},
    {
        "Conv2D": {
            "filters": 3,
            "kernel_size": 3,
            "padding": "same",
            "strides": 2,
            "activation": "tanh",
        }
    },
    {"Conv2D": {"filters": 2, "kernel_size": 4, "padding": "same", "use_bias": False}},
    {"DepthwiseConv2D": {"kernel_size": 3, "padding": "same", "strides": 2}},
    {"DepthwiseConv2D": {"kernel_size": 3}},
    {"SeparableConv2D": {"filters": 5, "kernel_size": 3, "padding": "same"}},
    {"MaxPooling2D": {"pool_size": 2}},
    {"MaxPooling2D": {"pool_size": 3, "strides": 2, "padding": "same"}},
    {"AveragePooling2D": {"pool_size": [2, 3]}},
    "GlobalAveragePooling2D",
    "GlobalMaxPooling2D",
    "Flatten",
    drop(0.5),
    {"SpatialDropout2D": {"rate": 0.5}},
    "BatchNormalization",
    "LayerNormalization",
    {"GroupNormalization": {"groups": 2}},
    {"Activation": {"activation": "relu"}},
    {"Activation": {"activation": "gelu"}},
    {"Activation": {"activation": "silu"}},
    {"Activation": {"activation": "elu"}},
    {"Activation": {"activation": "softplus"}},
    "ReLU",
    "LeakyReLU",
    {"Rescaling": {"scale": 0.5, "offset": -1.0}},
    {"ZeroPadding2D": {"padding": [[1, 2], [0, 3]]}},
]


@pytest.mark.parametrize("given_layer", IMAGE_LAYERS, ids=str)
def test_a_layer_computes_what_keras_computes(given_layer):
    ours = model(given_layer)
    shape = (7, 6, 4)
    (layer,) = ours.layers
    theirs = keras_layer(layer)
    theirs.build((None, *shape))
    network = build_network(ours, shape)
    weights = {
        k: generator(1, "sample", k).uniform(0.5, 1.5, v.shape).astype(np.float32)
        for k, v in initial_weights(ours, shape, 0).items()
    }
    load_weights(network, weights)
    copied_to_keras(theirs, weights)
    images = generator(2, "sample").standard_normal((5, *shape)).astype(np.float32)
    expected = theirs(torch.tensor(images), training=False).detach().numpy()
    network.eval()
    found = network(torch.tensor(images).permute(0, 3, 1, 2)).detach()
    found = found.permute(0, 2, 3, 1) if found.dim() == 4 else found
    assert found.shape[1:] == model_summary(ours, shape).output_shape
    np.testing.assert_allclose(found.numpy(), expected, rtol=2e-5, atol=2e-5)
    assert model_summary(ours, shape).parameters == theirs.count_params()


def test_average_pooling_counts_no_padded_pixel():
    """As TensorFlow does; Keras on torch replicates the border instead, so the formula is the oracle."""
    network = build_network(
        model({"AveragePooling2D": {"pool_size": 3, "strides": 2, "padding": "same"}}), (7, 6, 1)
    )
    image = generator(2, "sample").standard_normal((7, 6)).astype(np.float32)
    found = network(torch.tensor(image)[None, None])[0, 0].numpy()
    for row in range(4):
        for column in range(3):
            rows = slice(max(0, 2 * row - 1), 2 * row + 2)
            columns = slice(2 * column, 2 * column + 3)
            assert found[row, column] == pytest.approx(image[rows, columns].mean(), rel=1e-5)


def test_every_layer_of_the_registry_is_compared():
    compared = {layer if isinstance(layer, str) else next(iter(layer)) for layer in IMAGE_LAYERS}
    assert set(LAYERS) - compared == {"Input", "Dense", "Residual", "Repeat"}


@pytest.mark.parametrize("profile", ["keras", "torch"])
def test_batch_normalization_equals_the_frameworks_own_in_training_and_evaluation(profile):
    ours = model("BatchNormalization", defaults=profile)
    network = build_network(ours, (4, 5, 3))
    load_weights(network, initial_weights(ours, (4, 5, 3), 0))
    reference = keras.layers.BatchNormalization() if profile == "keras" else torch.nn.BatchNorm2d(3)
    for step in range(3):
        images = torch.tensor(
            generator(step, "sample").normal(2, 3, (6, 4, 5, 3)).astype(np.float32)
        )
        nchw = images.permute(0, 3, 1, 2)
        network.train()
        found = network(nchw)
        if profile == "keras":
            expected = reference(images, training=True).permute(0, 3, 1, 2)
            moving = [keras.ops.convert_to_numpy(v) for v in reference.non_trainable_variables]
        else:
            expected = reference.train()(nchw)
            moving = [reference.running_mean.numpy(), reference.running_var.numpy()]
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
        own = read_weights(network)
        for name, array in zip(("moving_mean", "moving_variance"), moving, strict=True):
            np.testing.assert_allclose(
                own[f"batch_normalization_1/{name}"], array, rtol=1e-5, atol=1e-6
            )
        network.eval()
        expected = (
            reference(images, training=False).permute(0, 3, 1, 2)
            if profile == "keras"
            else reference.eval()(nchw)
        )
        torch.testing.assert_close(network(nchw), expected, rtol=1e-4, atol=1e-5)


def test_batch_normalization_of_a_single_value_gives_beta():
    ours = model("Flatten", "BatchNormalization")
    network = build_network(ours, (1, 1, 3))
    load_weights(network, initial_weights(ours, (1, 1, 3), 0))
    network.train()
    output = network(torch.randn(1, 3, 1, 1))
    assert torch.isfinite(output).all()
    assert (output == 0).all()


def dropout_network(rate=0.4, name="drop"):
    ours = model("Flatten", {"Dropout": {"name": name, "rate": rate}})
    network = build_network(ours, (20, 20, 1))
    network.register_parameter("anchor", torch.nn.Parameter(torch.zeros(1)))
    network.train()
    return network


def test_dropout_is_keyed_by_seed_layer_and_epoch_and_keeps_the_mean():
    ones = torch.ones(200, 1, 20, 20)

    def masks(seed, epoch, name="drop"):
        network = dropout_network(name=name)
        network.begin_epoch(seed, epoch)
        return network(ones)

    first = masks(1, 1)
    assert torch.equal(first, masks(1, 1))
    for other in (masks(2, 1), masks(1, 2), masks(1, 1, "other")):
        assert 0.4 < (other == first).double().mean() < 0.65
    kept = (first != 0).double().mean().item()
    assert kept == pytest.approx(0.6, abs=5 * math.sqrt(0.24 / first.numel()))
    assert first.max().item() == pytest.approx(1 / 0.6, rel=1e-4)


def test_spatial_dropout_drops_whole_channels():
    ours = model({"SpatialDropout2D": {"name": "drop", "rate": 0.5}})
    network = build_network(ours, (4, 4, 30))
    network.register_parameter("anchor", torch.nn.Parameter(torch.zeros(1)))
    network.train()
    network.begin_epoch(0, 1)
    output = network(torch.ones(10, 30, 4, 4))
    assert set(output.flatten(2).std(2).flatten().tolist()) == {0.0}
    assert 0.3 < (output[:, :, 0, 0] == 0).double().mean() < 0.7


def test_relu_behind_the_pool_changes_no_bit_of_output_and_gradients(plain_operators):
    ours = model(conv(5), POOL, "Flatten", OUT)
    network = build_network(ours, (12, 12, 2))
    assert network.chain.names.index("max_pooling2d_1") < network.chain.names.index(
        "conv2d_1/activation"
    )
    weights = initial_weights(ours, (12, 12, 2), 0)
    load_weights(network, weights)
    images = torch.tensor(generator(0, "sample").standard_normal((4, 2, 12, 12)).astype(np.float32))
    images = images.to(memory_format=torch.channels_last)
    network(images).square().sum().backward()
    parameters = {k: torch.tensor(v, requires_grad=True) for k, v in weights.items()}
    kernel = parameters["conv2d_1/kernel"].to(memory_format=torch.channels_last)
    h = torch.nn.functional.conv2d(images, kernel, parameters["conv2d_1/bias"]).relu()
    h = torch.nn.functional.max_pool2d(h, 2).permute(0, 2, 3, 1).flatten(1)
    raw = torch.nn.functional.linear(h, parameters["dense_1/kernel"], parameters["dense_1/bias"])
    raw.square().sum().backward()
    assert torch.equal(network(images), raw)
    for name, tensor in network.weight_tensors().items():
        assert torch.equal(tensor.grad, parameters[name].grad), name
