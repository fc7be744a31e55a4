"""Layers against Keras and torch: shapes, parameter counts, forward passes, initial weights."""

import math
import os

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

os.environ.setdefault("KERAS_BACKEND", "torch")
import keras

from paribus.keyed import generator
from paribus.nn.build import build_network, load_weights, read_weights
from paribus.nn.initial import initial_weights
from paribus.nn.initializers import INITIALIZERS, draw
from paribus.nn.registry import LAYERS
from paribus.nn.shapes import ShapeError
from paribus.nn.spec import ModelSpec
from paribus.nn.summary import model_summary

# Keras's own conversion of its variables to NumPy raises it.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")


def model(*layers, defaults="keras"):
    return ModelSpec.parse({"defaults": defaults, "layers": list(layers)}).resolved()


def conv(filters, size=3, **more):
    return {"Conv2D": {"filters": filters, "kernel_size": size, "activation": "relu", **more}}


def dense(units, activation="relu"):
    return {"Dense": {"units": units, "activation": activation}}


POOL, BN, OUT = "MaxPooling2D", "BatchNormalization", dense(10, "softmax")


def drop(rate):
    return {"Dropout": {"rate": rate}}


LENET = [
    conv(6, 5, padding="same"),
    POOL,
    conv(16, 5),
    POOL,
    conv(120, 5),
    "Flatten",
    dense(84),
    OUT,
]
PUBLISHED = [
    conv(6, 5, padding="same"),
    POOL,
    conv(16, 5, padding="same"),
    POOL,
    conv(120, 5),
    "Flatten",
    dense(84),
    OUT,
]
PUBLISHED_BN = [PUBLISHED[0], BN, POOL, PUBLISHED[2], BN, *PUBLISHED[3:]]

LABS = [
    ("A one", (28, 28, 1), [conv(16), POOL, "Flatten", dense(80), OUT], 217_370, 217_370),
    ("A one bn", (28, 28, 1), [conv(16), POOL, BN, "Flatten", dense(80), BN, OUT], 217_754, 217_562),
    ("A two", (28, 28, 1), [conv(16), POOL, conv(16), POOL, "Flatten", dense(80), OUT], 35_370, 35_370),
    ("A two bn", (28, 28, 1), [conv(16), POOL, BN, conv(16), POOL, BN, "Flatten", dense(80), BN, OUT], 35_818, 35_594),
    ("C dense", (28, 28, 1), ["Flatten", dense(128), dense(64), OUT], 109_386, 109_386),
    ("C lenet", (28, 28, 1), LENET, 61_706, 61_706),
    ("C published", (28, 28, 1), PUBLISHED, 142_346, 142_346),
    ("C published bn", (28, 28, 1), PUBLISHED_BN, 142_434, 142_390),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "shape", "layers", "total", "trainable"), LABS, ids=[lab[0] for lab in LABS]
)
def test_the_labs_parameter_counts_come_out_exactly(name, shape, layers, total, trainable):
    summary = model_summary(model(*layers), shape)
    assert (summary.parameters, summary.trainable_parameters) == (total, trainable)


def test_lab_c_layer_by_layer():
    rows = model_summary(model(*PUBLISHED), (28, 28, 1)).layers
    assert [row.parameters for row in rows if row.parameters] == [156, 2_416, 48_120, 90_804, 850]


@pytest.mark.parametrize(
    "layers",
    [
        [
            conv(32),
            conv(64),
            POOL,
            drop(0.25),
            conv(128),
            POOL,
            "Flatten",
            dense(128),
            drop(0.5),
            OUT,
        ],
        [conv(32), conv(64), POOL, drop(0.25), "Flatten", dense(128), drop(0.5), OUT],
        [
            conv(128),
            conv(64, 5),
            POOL,
            conv(32),
            BN,
            POOL,
            "Flatten",
            dense(128),
            dense(32),
            BN,
            OUT,
        ],
        [
            conv(64),
            POOL,
            conv(32, 5),
            drop(0.25),
            conv(16),
            POOL,
            drop(0.4),
            BN,
            "Flatten",
            dense(64),
            OUT,
        ],
        [conv(64), POOL, conv(32, 5), POOL, drop(0.4), BN, "Flatten", dense(64), OUT],
    ],
)
def test_lab_b_counts_equal_keras(layers):
    ours = model(*layers)
    theirs = keras.Sequential([keras.layers.Input((28, 28, 1)), *map(keras_layer, ours.layers)])
    assert model_summary(ours, (28, 28, 1)).parameters == theirs.count_params()


def keras_layer(layer):
    """The Keras layer with the same arguments."""
    given = layer.model_dump(exclude={"name", "unbiased"}, exclude_none=True)
    if layer.kind == "ZeroPadding2D":
        given["padding"] = tuple(map(tuple, given["padding"]))
    for field in ("kernel", "bias", "depthwise", "pointwise"):
        given.pop(f"{field}_initializer", None)
    if layer.kind == "SeparableConv2D":
        given.pop("kernel_initializer", None)
    return getattr(keras.layers, layer.kind)(**given)


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


@pytest.mark.parametrize(
    "name", [n for n in INITIALIZERS if n not in ("zeros", "ones", "constant", "orthogonal")]
)
def test_initialisers_have_the_moments_of_keras_and_torch(name):
    fan_in, fan_out, shape = 90, 160, (400, 300)
    given_name = {name: {"minval": -0.05, "maxval": 0.05}} if name == "random_uniform" else name
    given_name = {name: {"mean": 0.0, "stddev": 0.05}} if name == "random_normal" else given_name
    values = draw(
        given_name, shape, fan_in=fan_in, fan_out=fan_out, generator=generator(0, "sample")
    )
    variance = {
        "glorot": 2 / (fan_in + fan_out),
        "he": 2 / fan_in,
        "lecun": 1 / fan_in,
        "torch": 1 / (3 * fan_in),
        "random": 0.05**2 * (1 / 3 if "uniform" in name else 1),
    }[name.split("_")[0]]
    assert values.dtype == np.float32
    assert abs(values.mean()) < 5 * math.sqrt(variance / values.size)
    assert values.var() == pytest.approx(variance, rel=0.02)
    if "uniform" in name:
        assert np.abs(values).max() <= math.sqrt(3 * variance) * (1 + 1e-6)


def test_orthogonal_rows_are_orthonormal():
    values = draw(
        {"orthogonal": {"gain": 1.0}},
        (5, 12),
        fan_in=1,
        fan_out=1,
        generator=generator(0, "sample"),
    )
    np.testing.assert_allclose(values @ values.T, np.eye(5), atol=1e-6)


def test_torch_profile_begins_as_torch_does():
    torch.manual_seed(0)
    ours = initial_weights(model(conv(64, 5), "Flatten", OUT, defaults="torch"), (12, 12, 8), 0)
    theirs = torch.nn.Conv2d(8, 64, 5)
    for name, tensor in (("kernel", theirs.weight), ("bias", theirs.bias)):
        bound = 1 / math.sqrt(8 * 25)
        assert np.abs(ours[f"conv2d_1/{name}"]).max() <= bound
        assert ours[f"conv2d_1/{name}"].std() == pytest.approx(tensor.std().item(), rel=0.25)


@settings(max_examples=20, deadline=None)
@given(
    st.integers(0, 4),
    st.sampled_from(["BatchNormalization", drop(0.5), {"Activation": {"activation": "tanh"}}]),
)
def test_an_inserted_layer_moves_no_other_initial_weight(position, extra):
    layers = [
        {"Conv2D": {"name": "a", "filters": 2, "kernel_size": 3}},
        {"MaxPooling2D": {"name": "b"}},
        {"Conv2D": {"name": "c", "filters": 3, "kernel_size": 1}},
        {"Flatten": {"name": "d"}},
        {"Dense": {"name": "e", "units": 4}},
    ]
    base = initial_weights(model(*layers), (8, 8, 1), 7)
    edited = initial_weights(model(*layers[:position], extra, *layers[position:]), (8, 8, 1), 7)
    for name, values in base.items():
        assert (edited[name] == values).all()


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


@pytest.mark.parametrize(
    ("name", "shape", "layers", "total", "trainable"), LABS, ids=[lab[0] for lab in LABS]
)
def test_settings_read_back_to_the_same_model(name, shape, layers, total, trainable):
    ours = model(*layers)
    assert ModelSpec.parse(ours.to_settings()).resolved() == ours


@pytest.mark.parametrize(
    ("layers", "text"),
    [
        ([dense(3)], "dense_1 (Dense): must get flat inputs (unit,), got (8, 8, 3). Put Flatten or a global pooling layer before it."),
        (["Flatten", POOL], "max_pooling2d_1 (MaxPooling2D): must get images (height, width, channel), got (192,). Put this layer before Flatten and before any Dense layer."),
        ([{"GroupNormalization": {"groups": 2}}], "group_normalization_1 (GroupNormalization): groups must divide the 3 channels that reach it, got 2. Choose a divisor."),
        ([{"Input": {"shape": [9, 9, 1]}}], "input_1 (Input): must be the shape of the data, [8, 8, 3], got [9, 9, 1]. Change it, or leave Input out."),
        ([{"Residual": {"layers": [conv(4, padding="same")]}}], "residual_1 (Residual): both paths must end in one shape; the layers give (8, 8, 4), got (8, 8, 3) from the shortcut. Add a 1x1 Conv2D with the same filters and strides to shortcut."),
    ],
)  # fmt: skip
def test_shape_errors_name_layer_and_shapes(layers, text):
    with pytest.raises(ShapeError) as caught:
        model_summary(model(*layers), (8, 8, 3))
    assert str(caught.value) == text
