"""What differs between Keras and PyTorch: each constant against the framework itself."""

import math

import keras
import numpy as np
import pytest
import torch
from torch.nn import functional as F

from paribus.checking import SettingsError
from paribus.nn.build import build_network
from paribus.nn.initial import initial_weights, weight_specs
from paribus.nn.layer import ACTIVATIONS
from paribus.nn.registry import LAYERS
from paribus.nn.spec import ModelSpec
from paribus.reference.network import build_reference

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")
TORCH = {
    "relu": F.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh, "gelu": F.gelu, "silu": F.silu,
    "elu": F.elu, "leaky_relu": F.leaky_relu, "softplus": F.softplus, "linear": lambda x: x,
    "softmax": lambda x: F.softmax(x, 1),
}  # fmt: skip
NUMBERS = torch.linspace(-30, 30, 120).view(6, 5, 4).permute(0, 1, 2)[:, :, :, None]


def model(*layers, profile="keras"):
    return ModelSpec.parse({"defaults": profile, "layers": list(layers)}).resolved()


def conv(**more):
    return {"Conv2D": {"name": "c", "filters": 2, "kernel_size": 1, "use_bias": False, **more}}


@pytest.mark.parametrize("place", ["layer", "Activation", "Residual"])
@pytest.mark.parametrize("profile", ["keras", "torch"])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_is_its_profiles_own_wherever_it_stands(name, profile, place):
    if name in ("softmax", "sigmoid") and place != "layer":
        return  # the last one is split off for the loss; softmax is over channels
    layers = {
        "layer": [conv(activation=name), conv(name="d", activation="linear")],
        "Activation": [{"Activation": {"activation": name}}],
        # So small that the sum of both paths is x to the bit.
        "Residual": [
            {"Residual": {"layers": [{"Rescaling": {"scale": 1e-30}}], "activation": name}}
        ],
    }[place]
    ours = model(*layers, profile=profile)
    network = build_network(ours, (5, 4, 1))
    with torch.no_grad():
        for weight, tensor in network.weight_tensors().items():
            tensor.copy_(torch.eye(2)[:, :1, None, None] if weight[0] == "c" else torch.eye(2)[..., None, None])  # fmt: skip
    x = NUMBERS.permute(0, 3, 1, 2).contiguous()
    given = torch.cat([x, x * 0], 1) if place == "layer" else x
    found = network(x)
    if profile == "torch":
        expected = TORCH[name](given)
    else:
        values = given.permute(0, 2, 3, 1)
        expected = torch.tensor(keras.ops.convert_to_numpy(keras.activations.get(name)(values)))
        expected = expected.permute(0, 3, 1, 2)
    torch.testing.assert_close(found.detach(), expected, rtol=1e-6, atol=1e-6)
    weights = {k: v.detach().numpy() for k, v in network.weight_tensors().items()}
    reference = build_reference(ours, (5, 4, 1), weights)
    theirs = reference.forward(x.permute(0, 2, 3, 1).double().numpy(), training=False)
    np.testing.assert_allclose(found.detach().permute(0, 2, 3, 1), theirs, rtol=1e-5, atol=1e-5)


def test_the_resolved_model_says_the_slope_and_identities_of_keras_stay():
    for profile, slope in (("keras", 0.2), ("torch", 0.01)):
        for layer in (
            conv(activation="leaky_relu"),
            {"Activation": {"activation": "leaky_relu"}},
            {"Residual": {"layers": [conv(activation="leaky_relu")], "activation": "leaky_relu"}},
        ):
            ours = model(layer, profile=profile)
            assert f"'negative_slope': {slope}" in str(ours.to_settings())
            short = ours.to_settings(seldom=False)
            assert ("negative_slope" in str(short)) == (profile == "torch")
            assert ModelSpec.parse(short).resolved() == ours
    given = conv(activation="leaky_relu", negative_slope=0.3)
    assert "0.3" in str(model(given).to_settings(seldom=False))
    assert "negative_slope" not in str(model(conv(activation="relu")).to_settings())


def test_a_slope_needs_leaky_relu():
    with pytest.raises(SettingsError, match="negative_slope must be left out unless activation is leaky_relu"):  # fmt: skip
        model(conv(activation="relu", negative_slope=0.1))


def test_the_leaky_layer_and_the_normalisations_have_their_profiles_constants():
    for profile, slope, epsilon in (("keras", 0.3, 1e-3), ("torch", 0.01, 1e-5)):
        leaky, batch, layer, group = model(
            "LeakyReLU",
            "BatchNormalization",
            "LayerNormalization",
            "GroupNormalization",
            profile=profile,
        ).layers
        assert leaky.negative_slope == slope
        assert {item.epsilon for item in (batch, layer, group)} == {epsilon}
        assert batch.momentum == (0.99 if profile == "keras" else 0.9)
    assert keras.layers.LeakyReLU().negative_slope == 0.3
    assert torch.nn.LeakyReLU().negative_slope == 0.01
    for name in ("BatchNormalization", "LayerNormalization", "GroupNormalization"):
        assert getattr(keras.layers, name)().epsilon == 1e-3
    assert keras.layers.BatchNormalization().momentum == 0.99
    assert torch.nn.BatchNorm2d(1).momentum == pytest.approx(1 - 0.9)
    assert torch.nn.BatchNorm2d(1).eps == torch.nn.LayerNorm(1).eps == torch.nn.GroupNorm(1, 1).eps == 1e-5  # fmt: skip


WEIGHTED = [
    ("Conv2D", {"filters": 6, "kernel_size": [3, 5]}, {"kernel": (6, 4, 3, 5)}),
    ("DepthwiseConv2D", {"kernel_size": [3, 5], "depth_multiplier": 3}, {"kernel": (12, 1, 3, 5)}),
    (
        "SeparableConv2D",
        {"filters": 6, "kernel_size": [3, 5], "depth_multiplier": 3},
        {"depthwise_kernel": (12, 1, 3, 5), "pointwise_kernel": (6, 12, 1, 1)},
    ),
    ("Dense", {"units": 6}, {"kernel": (6, 4)}),
]
NAMES = {
    "glorot_uniform": lambda w: torch.nn.init.xavier_uniform_(w),
    "he_uniform": lambda w: torch.nn.init.kaiming_uniform_(w, nonlinearity="relu"),
    "torch_uniform": lambda w: torch.nn.init.kaiming_uniform_(w, a=math.sqrt(5)),
}


def test_every_layer_with_weights_is_compared():
    kept = ("Normalization", "Residual", "Repeat")
    weighted = {kind for kind, item in LAYERS.items() if "kernel_initializer" in item.model_fields}
    assert weighted == {kind for kind, _, _ in WEIGHTED}
    assert not any(kind.endswith(kept) for kind in weighted)


def specs_of(kind, arguments, profile):
    shape = (4,) if kind == "Dense" else (8, 8, 4)
    found = model({kind: {"name": "l", **arguments}}, profile=profile)
    return found, shape, {weight.name: weight for _, weight in weight_specs(found, shape)}


@pytest.mark.parametrize("initializer", [None, *NAMES])
@pytest.mark.parametrize(("kind", "arguments", "kernels"), WEIGHTED, ids=str)
def test_weights_of_the_torch_profile_begin_within_torchs_own_bounds(
    kind, arguments, kernels, initializer
):
    prefix = [name.replace("kernel", "initializer") for name in kernels]
    names = ["kernel_initializer"] if kind != "SeparableConv2D" else prefix
    given = {} if initializer is None else dict.fromkeys(names, initializer)
    found, shape, specs = specs_of(kind, {**arguments, **given}, "torch")
    drawn = initial_weights(found, shape, 0)
    torch.manual_seed(0)
    for name, size in kernels.items():
        assert specs[name].shape == size
        tries = [
            float(NAMES[initializer or "torch_uniform"](torch.empty(size)).detach().abs().max())
            for _ in range(300)
        ]
        largest = max(
            np.abs(initial_weights(found, shape, s)[f"l/{name}"]).max() for s in range(40)
        )
        assert largest == pytest.approx(max(tries), rel=0.05), name
    theirs = {
        "Conv2D": lambda: torch.nn.Conv2d(4, 6, (3, 5)),
        "DepthwiseConv2D": lambda: torch.nn.Conv2d(4, 12, (3, 5), groups=4),
        "SeparableConv2D": lambda: torch.nn.Conv2d(12, 6, 1),
        "Dense": lambda: torch.nn.Linear(4, 6),
    }[kind]
    bias = max(float(theirs().bias.detach().abs().max()) for _ in range(300))
    own = max(np.abs(initial_weights(found, shape, s)["l/bias"]).max() for s in range(100))
    assert own == pytest.approx(bias, rel=0.05)
    assert {f"l/{name}" for name in specs} == set(drawn)


@pytest.mark.parametrize(("kind", "arguments", "kernels"), WEIGHTED, ids=str)
def test_weights_of_the_keras_profile_begin_within_kerass_own_bounds(kind, arguments, kernels):
    found, shape, _ = specs_of(kind, arguments, "keras")
    settings = {k: tuple(v) if isinstance(v, list) else v for k, v in arguments.items()}
    largest = []
    for _ in range(40):
        layer = getattr(keras.layers, kind)(**settings)
        layer.build((None, *shape))
        values = layer.get_weights()
        largest.append([np.abs(v).max() for v in values])
    *theirs, bias = np.max(largest, 0)
    own = [
        max(np.abs(initial_weights(found, shape, s)[f"l/{name}"]).max() for s in range(40))
        for name in kernels
    ]
    np.testing.assert_allclose(own, theirs, rtol=0.05)
    assert bias == np.abs(initial_weights(found, shape, 0)["l/bias"]).max() == 0


def test_a_kernel_initializer_of_a_separable_convolution_is_for_both_kernels():
    (layer,) = model({"SeparableConv2D": {"filters": 2, "kernel_size": 3, "kernel_initializer": "he_normal"}}).layers  # fmt: skip
    assert layer.depthwise_initializer == layer.pointwise_initializer == "he_normal"
