"""Nothing stands in for a constant that was never resolved: building, drawing and training raise."""

import numpy as np
import pytest
import torch

from paribus.nn.initial import initial_weights
from paribus.nn.initializers import draw
from paribus.nn.layer import Layer
from paribus.nn.modules.form import module_of
from paribus.nn.optimizers import build_optimizer
from paribus.nn.registry import LAYERS
from paribus.nn.spec import ModelSpec
from paribus.nn.training import OPTIMIZERS, TrainSpec
from paribus.reference.layer import Given, reference_of
from paribus.reference.optimizers import ReferenceOptimizer

SHAPE, FLAT = (4, 4, 2), (5,)
SETTINGS = {"optimizer": "SGD", "epochs": 1, "batch_size": 1}
ARGUMENTS = {
    "Activation": {"activation": "relu"},
    "Dense": {"units": 3},
    "Conv2D": {"filters": 3, "kernel_size": 2},
    "DepthwiseConv2D": {"kernel_size": 2},
    "SeparableConv2D": {"filters": 3, "kernel_size": 2},
    "GroupNormalization": {"groups": 2},
}
"""What a layer cannot be without."""
OF_SEPARABLE = ("depthwise_initializer", "pointwise_initializer")


def made(kind):
    return LAYERS[kind](**ARGUMENTS.get(kind, {}))


def profile_fields():
    """Every field of every layer that the profile sets, with "who reads it"."""
    for kind in LAYERS:
        try:
            layer = made(kind)
        except ValueError:  # containers: their layers are resolved each for itself
            continue
        for field in layer.profile_defaults("keras"):
            if kind != "SeparableConv2D" or field in (*OF_SEPARABLE, "bias_initializer"):
                yield kind, field


FIELDS = list(profile_fields())


def use(layer: Layer) -> None:
    """Do with a layer whatever reads its constants."""
    shape = FLAT if layer.kind == "Dense" else SHAPE
    initial_weights(ModelSpec("keras", (layer,)), shape, seed=0)
    weights = {item.name: np.zeros(item.shape) for item in layer.weights(shape)}
    module_of(layer, shape)
    reference_of(layer, Given("layer", shape, weights, lambda *_: ()))


def words(kind, field):
    if "initializer" not in field:
        return f"{kind}: {field} is not resolved"
    weight = field.removesuffix("_initializer")
    return f"{kind}/(pointwise_|depthwise_)?{weight}(_kernel)?: the initializer is not resolved"


def test_there_are_fields_to_ask_for():
    assert {"epsilon", "momentum", "unbiased", "negative_slope", *OF_SEPARABLE} <= {
        field for _, field in FIELDS
    }


@pytest.mark.parametrize(("kind", "field"), FIELDS)
def test_a_layer_without_a_constant_of_its_profile_is_refused(kind, field):
    whole = made(kind).resolved("keras")
    use(whole)
    with pytest.raises(RuntimeError, match=words(kind, field)):
        use(whole.model_copy(update={field: None}))


@pytest.mark.parametrize("form", ["torch", "reference"])
@pytest.mark.parametrize(("kind", "field"), [f for f in FIELDS if "initializer" not in f[1]])
def test_both_engines_refuse_it(kind, field, form):
    layer = made(kind).resolved("keras").model_copy(update={field: None})
    weights = {item.name: np.zeros(item.shape) for item in layer.weights(SHAPE)}
    with pytest.raises(RuntimeError, match=f"{kind}: {field} is not resolved"):
        if form == "torch":
            module_of(layer, SHAPE)
        else:
            reference_of(layer, Given("layer", SHAPE, weights, lambda *_: ()))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_without_a_constant_takes_no_step(name):
    train = TrainSpec.parse({**SETTINGS, "optimizer": name}, "keras")
    constants = train.built_optimizer()[1].model_dump(mode="json")
    assert {"learning_rate", "weight_decay"} <= set(constants)
    if "momentum" in constants:  # without any, whether it is Nesterov's is not asked
        constants["momentum"] = 0.9
    kind = type(build_optimizer(train, [], "keras"))
    for missing in constants:
        kept = {key: value for key, value in constants.items() if key != missing}
        parameter = torch.nn.Parameter(torch.ones(3))
        parameter.grad = torch.ones(3)
        with pytest.raises(KeyError, match=missing):
            kind([parameter], kept, "keras").step()
        with pytest.raises(KeyError, match=missing):
            step = ReferenceOptimizer(name, kept, keras=True).step
            step({"w": np.ones(3)}, {"w": np.ones(3)})


def test_a_constant_initializer_without_its_value_draws_nothing():
    with pytest.raises(KeyError, match="value"):
        draw({"constant": {}}, (2,), fan_in=1, fan_out=1, generator=np.random.default_rng(0))
