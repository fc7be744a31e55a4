"""What a network looks at: activations by plain torch, Grad-CAM and integrated gradients by Captum."""

import copy

import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients, LayerGradCam
from torch import nn
from torch.nn import functional as F

from paribus.data.image_arrays import ImageSet
from paribus.engine.inspection.attribution import (
    attributions_of,
    grad_cam,
    integrated_gradients,
    last_convolution,
    layer_outputs,
)
from paribus.engine.predict import predict_images
from paribus.nn.initial import initial_weights
from paribus.nn.spec import ModelSpec
from paribus.nn.summary import model_summary
from paribus.records import Variant

SHAPE = (12, 10, 3)
CONVOLUTIONAL = [
    {"Conv2D": {"name": "conv1", "filters": 6, "kernel_size": 3, "activation": "relu"}},
    {"MaxPooling2D": {"name": "pool1"}},
    {"BatchNormalization": {"name": "norm"}},
    {"Conv2D": {"name": "conv2", "filters": 5, "kernel_size": 2, "activation": "relu"}},
    {"Dropout": {"name": "drop", "rate": 0.5}},
    "Flatten",
    {"Dense": {"name": "hidden", "units": 16, "activation": "relu"}},
    {"Dense": {"name": "output", "units": 4, "activation": "softmax"}},
]
DENSE = [
    "Flatten",
    {"Dense": {"name": "hidden", "units": 16, "activation": "tanh"}},
    {"Dense": {"name": "output", "units": 4, "activation": "softmax"}},
]
BLOCKS = [
    {"Conv2D": {"name": "stem", "filters": 4, "kernel_size": 3, "padding": "same"}},
    {"ReLU": {"name": "act"}},
    {
        "Residual": {
            "name": "block",
            "activation": "relu",
            "layers": [
                {"Conv2D": {"name": "inner", "filters": 4, "kernel_size": 3, "padding": "same", "activation": "relu"}},
                {"MaxPooling2D": {"name": "down"}},
            ],
            "shortcut": [{"Conv2D": {"name": "around", "filters": 4, "kernel_size": 1, "strides": 2}}],
        }
    },
    {"GlobalAveragePooling2D": {"name": "mean"}},
    {"Dense": {"name": "output", "units": 4}},
    {"Activation": {"name": "shares", "activation": "softmax"}},
]  # fmt: skip


def variant_of(layers, **train):
    model = ModelSpec.parse({"defaults": "keras", "layers": copy.deepcopy(layers)}).resolved()
    settings = {"optimizer": "Adam", "epochs": 1, "batch_size": 8, **train}
    return Variant("v", {}, {}, model.to_settings(), settings)


def trained(layers, seed=0):
    """Weights as after some training: no bias is zero, running statistics have moved."""
    variant, draws = variant_of(layers), np.random.default_rng(seed)
    weights = initial_weights(ModelSpec.parse(variant.model), SHAPE, seed)
    for values in weights.values():
        if values.ndim == 1:
            values += draws.uniform(0.1, 0.5, values.shape).astype(np.float32)
    return variant, weights


def pictures(count=3, seed=1):
    values = np.random.default_rng(seed).normal(0, 1, (count, *SHAPE)).astype(np.float32)
    return ImageSet(values)


def tensor(images):
    return torch.from_numpy(images.array()).permute(0, 3, 1, 2).contiguous()


class Plain(nn.Module):
    """The convolutional network as anybody would write it in PyTorch, up to the scores."""

    def __init__(self, weights):
        super().__init__()
        w = {name: torch.from_numpy(values.copy()) for name, values in weights.items()}
        self.conv1, self.conv2 = nn.Conv2d(3, 6, 3), nn.Conv2d(6, 5, 2)
        self.relu1, self.relu2, self.relu3 = nn.ReLU(), nn.ReLU(), nn.ReLU()
        self.pool1, self.norm = nn.MaxPool2d(2), nn.BatchNorm2d(6, eps=1e-3)
        self.hidden, self.output = nn.Linear(5 * 4 * 3, 16), nn.Linear(16, 4)
        for layer in ("conv1", "conv2", "hidden", "output"):
            getattr(self, layer).weight.data = w[f"{layer}/kernel"]
            getattr(self, layer).bias.data = w[f"{layer}/bias"]
        self.norm.weight.data, self.norm.bias.data = w["norm/gamma"], w["norm/beta"]
        self.norm.running_mean, self.norm.running_var = (
            w["norm/moving_mean"],
            w["norm/moving_variance"],
        )
        self.eval()

    def forward(self, x):
        x = self.norm(self.pool1(self.relu1(self.conv1(x))))
        x = self.relu2(self.conv2(x)).permute(0, 2, 3, 1).flatten(1)
        return self.output(self.relu3(self.hidden(x)))


def dense_scores(weights):
    w = {name: torch.from_numpy(values.copy()) for name, values in weights.items()}

    def scores(x):
        hidden = F.linear(x.permute(0, 2, 3, 1).flatten(1), w["hidden/kernel"], w["hidden/bias"])
        return F.linear(torch.tanh(hidden), w["output/kernel"], w["output/bias"])

    return scores


@pytest.mark.parametrize("layers", [CONVOLUTIONAL, DENSE, BLOCKS])
def test_layers_come_in_the_order_and_the_shapes_of_the_layer_table(layers):
    variant, weights = trained(layers)
    rows = model_summary(ModelSpec.parse(variant.model), SHAPE).layers
    found = layer_outputs(variant, weights, pictures())
    assert [(f.name, f.type, f.values.shape) for f in found] == [
        (row.name, row.type, row.output_shape) for row in rows
    ]
    probabilities = predict_images(variant, weights, pictures(), 4)
    np.testing.assert_allclose(found[-1].values, probabilities[0], atol=1e-6)


def test_activations_are_those_of_a_plain_forward_with_hooks():
    variant, weights = trained(CONVOLUTIONAL)
    plain, seen = Plain(weights), {}
    names = {
        "relu1": "conv1",
        "pool1": "pool1",
        "norm": "norm",
        "relu2": "conv2",
        "relu3": "hidden",
    }
    for theirs, ours in names.items():
        getattr(plain, theirs).register_forward_hook(
            lambda _m, _i, out, ours=ours: seen.__setitem__(ours, out.detach().clone())
        )
    images = pictures()
    scores = plain(tensor(images)).detach()
    found = {item.name: item.values for item in layer_outputs(variant, weights, images, 2)}
    for name, values in seen.items():
        expected = values[2] if values[2].dim() == 1 else values[2].permute(1, 2, 0)
        np.testing.assert_allclose(found[name], expected, atol=1e-5)
    np.testing.assert_array_equal(found["drop"], found["conv2"], "dropout is off")
    np.testing.assert_array_equal(found["flatten_1"], found["conv2"].ravel())
    np.testing.assert_allclose(found["output"], torch.softmax(scores[2], 0), atol=1e-6)


def test_grad_cam_is_captums_for_the_guess_and_for_the_truth():
    variant, weights = trained(CONVOLUTIONAL)
    images, plain = pictures(5), Plain(weights)
    guesses = predict_images(variant, weights, images, 4).argmax(1)
    labels = np.where(np.arange(5) < 2, guesses, (guesses + 1) % 4)
    found = attributions_of(variant, weights, images, 4, labels)
    assert (found.method, found.layer) == ("Grad-CAM", "conv2")
    oracle = LayerGradCam(plain, plain.relu2)
    for targets, maps in ((guesses, found.of_guess), (labels, found.of_truth)):
        theirs = oracle.attribute(
            tensor(images), torch.from_numpy(targets), relu_attributions=True
        ).detach()
        assert maps.shape == (5, 4, 3), "the layer's own resolution"
        np.testing.assert_allclose(maps, theirs[:, 0], atol=1e-4)
    assert found.of_guess.max() > 1e-3
    np.testing.assert_array_equal(found.of_truth[:2], found.of_guess[:2])
    assert not np.array_equal(found.of_truth[2:], found.of_guess[2:])


def test_integrated_gradients_are_captums():
    variant, weights = trained(DENSE)
    images = pictures(4)
    found = attributions_of(variant, weights, images, 4)
    assert (found.method, found.layer, found.of_guess.shape) == (
        "integrated gradients",
        "",
        (4, 12, 10),
    )
    np.testing.assert_array_equal(found.of_truth, found.of_guess)
    oracle = IntegratedGradients(dense_scores(weights))
    guesses = torch.from_numpy(found.probabilities.argmax(1))
    for method, tolerance in (("riemann_middle", 1e-6), ("gausslegendre", 1e-4)):
        theirs = oracle.attribute(tensor(images), target=guesses, n_steps=50, method=method)
        np.testing.assert_allclose(found.of_guess, theirs.sum(1), atol=tolerance)


@pytest.mark.parametrize("target", range(4))
def test_integrated_gradients_add_up_to_what_the_image_changes(target):
    _, weights = trained(DENSE, seed=target)
    scores, image = dense_scores(weights), tensor(pictures(1, seed=target))
    gained = float(scores(image)[0, target] - scores(torch.zeros_like(image))[0, target])
    assert abs(gained) > 1e-2
    total = integrated_gradients(scores, image, target).sum()
    assert total == pytest.approx(gained, abs=1e-3)
    few = integrated_gradients(scores, image, target, steps=2).sum()
    assert abs(few - gained) > abs(total - gained)


def test_grad_cam_of_a_residual_network_is_that_of_its_last_block():
    """By hand: behind the block, there is only a mean and a product."""
    variant, weights = trained(BLOCKS)
    found = attributions_of(variant, weights, pictures(2), 4)
    assert found.layer == last_convolution(ModelSpec.parse(variant.model).layers) == "block"
    maps = {o.name: o.values for o in layer_outputs(variant, weights, pictures(2), 1)}["block"]
    guess = int(found.probabilities[1].argmax())
    alpha = weights["output/kernel"][guess] / (maps.shape[0] * maps.shape[1])
    np.testing.assert_allclose(found.of_guess[1], np.maximum(maps @ alpha, 0), atol=1e-6)


def test_gradients_are_those_of_the_score_before_the_softmax():
    """A sure network: behind the softmax, its gradients would be nothing."""
    variant, weights = trained(CONVOLUTIONAL)
    weights["output/bias"][2] += 100
    found = attributions_of(variant, weights, pictures(1), 4)
    assert found.probabilities[0, 2] == 1
    weights["output/bias"][2] -= 100
    again = attributions_of(variant, weights, pictures(1), 4, np.array([2]))
    np.testing.assert_allclose(found.of_guess, again.of_truth, atol=1e-6)
    assert found.of_guess.max() > 0


def test_a_class_that_nothing_speaks_for_gets_an_empty_map():
    maps = torch.ones(1, 2, 3, 3)

    def forward(x):
        grown = maps * x.mean()
        return torch.stack([-grown.sum((1, 2, 3)), grown.sum((1, 2, 3))], 1), {"c": grown}

    image = torch.ones(1, 1, 3, 3)
    np.testing.assert_array_equal(grad_cam(forward, image, "c", 0), np.zeros((3, 3)))
    np.testing.assert_allclose(grad_cam(forward, image, "c", 1), np.full((3, 3), 2.0))


@pytest.mark.usefixtures("plain_operators")
def test_the_same_without_own_kernels():
    variant, weights = trained(CONVOLUTIONAL)
    plain = Plain(weights)
    found = attributions_of(variant, weights, pictures(2), 4)
    oracle = LayerGradCam(plain, plain.relu2)
    guesses = torch.from_numpy(found.probabilities.argmax(1))
    theirs = oracle.attribute(tensor(pictures(2)), guesses, relu_attributions=True).detach()
    np.testing.assert_allclose(found.of_guess, theirs[:, 0], atol=1e-4)
