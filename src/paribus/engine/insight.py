"""A look at what a trained network makes of single images: layer by layer, and where it looks.

Every module runs by itself and in the order of the layer table: no passes are shared, no relu is
moved behind a pooling, nothing works in place. Networks are in evaluation mode, in float32, on the
CPU. Gradients are those of the class's score before the final softmax or sigmoid: behind a softmax,
a class could gain by what speaks against the others, and a sure network's gradients vanish.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from paribus.data.images import ImageSet
from paribus.engine.images import DeviceImages
from paribus.engine.predict import predict_images
from paribus.nn.build import Network, build_network, load_weights, split_final
from paribus.nn.layer import Layer, WeightedLayer
from paribus.nn.layers.container import Residual
from paribus.nn.modules.activation import activate
from paribus.nn.spec import ModelSpec
from paribus.records import Attributions, LayerOutput, Variant

__all__ = [
    "STEPS",
    "attributions_of",
    "grad_cam",
    "integrated_gradients",
    "last_convolution",
    "layer_outputs",
]

STEPS = 50
"""Points on the way from black to the image, for integrated gradients."""

Ids = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float32]
Weights = Mapping[str, Numbers]
Outputs = dict[str, Tensor]
Forward = Callable[[Tensor], tuple[Tensor, Outputs]]
"""From images (n, channel, height, width) to raw scores (n, class) and every layer's output."""


def layer_outputs(
    variant: Variant, weights: Weights, images: ImageSet, index: int = 0
) -> tuple[LayerOutput, ...]:
    """Return what every layer puts out for one image, in the order of the layer table.

    A layer's own activation is part of it; that of the last layer is the class probabilities.

    Args:
        variant: resolved.
        weights: of one of its trials.
        images: treated by that trial's preprocessing.
        index: which of them.
    """
    model = ModelSpec.parse(variant.model)
    with torch.no_grad():
        _, found = _forward(model, weights, images)(_batch(images, index))
    types = {_name(layer): layer.kind for layer in model.walk()}
    return tuple(LayerOutput(name, types[name], _plain(value)) for name, value in found.items())


def attributions_of(
    variant: Variant,
    weights: Weights,
    images: ImageSet,
    num_classes: int,
    labels: Ids | None = None,
) -> Attributions:
    """Return where in each image a network finds what speaks for its guess, and for the truth.

    Grad-CAM at the last convolution, in the resolution of that layer; integrated gradients for
    networks without a convolution. Where evaluation also scores mirror images, the guess is that of
    both, and the map is that of the image as it is.

    Args:
        variant: resolved.
        weights: of one of its trials.
        images: treated by that trial's preprocessing.
        num_classes: of the study's data.
        labels: the true classes ``(example,)``, where known.
    """
    model = ModelSpec.parse(variant.model)
    probabilities = predict_images(variant, weights, images, num_classes)
    guesses = probabilities.argmax(1)
    forward, layer = _forward(model, weights, images), last_convolution(model.layers)

    def one(index: int, target: int) -> Numbers:
        image = _batch(images, index)
        if layer is None:
            return integrated_gradients(lambda x: forward(x)[0], image, target)
        return grad_cam(forward, image, layer, target)

    of_guess = [one(index, int(guess)) for index, guess in enumerate(guesses)]
    of_truth = [
        of_guess[index] if truth == guesses[index] else one(index, int(truth))
        for index, truth in enumerate(guesses if labels is None else labels)
    ]
    return Attributions(
        "integrated gradients" if layer is None else "Grad-CAM",
        layer or "",
        probabilities,
        np.stack(of_guess),
        np.stack(of_truth),
    )


def grad_cam(forward: Forward, image: Tensor, layer: str, target: int) -> Numbers:
    """Return the map of a class: ReLU(sum over k of alpha_k A^k), alpha_k the mean of dy/dA^k.

    Args:
        forward: the network.
        image: (1, channel, height, width).
        layer: whose outputs are the maps A^k.
        target: the class whose score before the softmax is y.

    Returns:
        ``(height, width)`` of that layer, not resized.

    Source: Selvaraju et al. 2017, equations 1 and 2.
    """
    with torch.enable_grad():
        scores, outputs = forward(image.detach().requires_grad_())
        maps = outputs[layer]
        (gradient,) = torch.autograd.grad(scores[0, target], maps)
    alpha = gradient.mean((2, 3), keepdim=True)
    return _plain(torch.relu((alpha * maps.detach()).sum(1)))


def integrated_gradients(
    scores: Callable[[Tensor], Tensor], image: Tensor, target: int, steps: int = STEPS
) -> Numbers:
    """Return what every pixel adds to a class's score, compared with an image of zeros.

    The zeros are those of preprocessed images: black, or the mean image where pixels are
    standardised. All pixels together add up to score(image) - score(zeros), up to the steps' error.

    Args:
        scores: (n, channel, height, width) -> (n, class), before the softmax.
        image: (1, channel, height, width).
        target: the class.
        steps: points on the straight line between the two.

    Returns:
        ``(height, width)``, summed over channels.

    Source: Sundararajan et al. 2017, equation 3; the points are the middles of the steps, not
    their ends, which makes the error smaller at the same cost.
    """
    shares = ((torch.arange(steps) + 0.5) / steps).view(-1, 1, 1, 1)
    with torch.enable_grad():
        way = (shares * image.detach()).requires_grad_()
        (gradient,) = torch.autograd.grad(scores(way)[:, target].sum(), way)
    return _plain((image.detach() * gradient.mean(0, keepdim=True)).sum(1))


def last_convolution(layers: tuple[Layer, ...]) -> str | None:
    """Return the name of the last layer that is a convolution, or a residual block around one."""

    def convolves(layer: Layer) -> bool:
        return layer.family == "convolution" or any(map(convolves, layer.children()))

    return next((_name(layer) for layer in reversed(layers) if convolves(layer)), None)


def _forward(model: ModelSpec, weights: Weights, images: ImageSet) -> Forward:
    network = build_network(model, images.image_shape)
    load_weights(network, weights)
    network.eval().requires_grad_(False)
    layers, _ = split_final(model.layers)
    last = _name(model.layers[-1])

    def forward(x: Tensor) -> tuple[Tensor, Outputs]:
        found: Outputs = {}
        raw = _run(network, layers, x, found)
        found[last] = network.outputs(raw)
        return raw, found

    return forward


def _run(network: Network, layers: tuple[Layer, ...], x: Tensor, found: Outputs) -> Tensor:
    """Run layers one after another, and note what each puts out."""
    modules = dict(network.chain.named_stages())
    for layer in layers:
        if isinstance(layer, Residual):
            inner = _run(network, layer.layers, x, found)
            x = inner + _run(network, layer.shortcut, x, found)
            x = activate(x, layer.activation, slope=layer.slope)
        else:
            x = modules[_name(layer)](x)
            if isinstance(layer, WeightedLayer):
                x = activate(x, layer.activation, slope=layer.slope)
        found[_name(layer)] = x
    return x


def _name(layer: Layer) -> str:
    return layer.name or layer.kind


def _batch(images: ImageSet, index: int) -> Tensor:
    return DeviceImages(images, torch.device("cpu")).batch(torch.tensor([index]))


def _plain(values: Tensor) -> Numbers:
    """Return the only example, channels last."""
    (value,) = values.detach()
    order = (1, 2, 0) if value.dim() == 3 else tuple(range(value.dim()))
    return np.ascontiguousarray(value.permute(order).numpy(), dtype=np.float32)
