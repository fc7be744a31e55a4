"""Layer outputs and attribution maps of a trained network for single images.

Modules run one by one in the order of the layer table, without fused passes, without moving relu
behind pooling, and without in-place operations. Networks are in evaluation mode, in float32, on the
CPU. Gradients are those of a class's logit, before the final softmax or sigmoid: after a softmax,
evidence against other classes would count, too, and the gradients of confident networks vanish.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from paribus.data.image_arrays import ImageSet
from paribus.engine.device_images import DeviceImages
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
"""Number of points on the line from zeros to the image, for integrated gradients."""

Ids = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float32]
Weights = Mapping[str, Numbers]
Outputs = dict[str, Tensor]
Forward = Callable[[Tensor], tuple[Tensor, Outputs]]
"""Function from images ``(n, channel, height, width)`` to logits ``(n, class)`` and layer outputs."""


def layer_outputs(
    variant: Variant, weights: Weights, images: ImageSet, index: int = 0
) -> tuple[LayerOutput, ...]:
    """Return the output of every layer for one image, in the order of the layer table.

    Outputs include the layer's activation; the last layer's output is the class probabilities.

    Args:
        variant: the resolved variant.
        weights: weights of one of its trials.
        images: images, preprocessed as in that trial.
        index: position of the image.
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
    """Return attribution maps of each image for the predicted class and for the true class.

    The maps are Grad-CAM at the last convolution, in the resolution of that layer, or integrated
    gradients for networks without a convolution. If evaluation averages over mirror images, the
    prediction uses both, and the map belongs to the image itself.

    Args:
        variant: the resolved variant.
        weights: weights of one of its trials.
        images: images, preprocessed as in that trial.
        num_classes: number of classes of the study's data.
        labels: ``(example,)``, true classes; None takes the predicted ones.
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
    """Return the Grad-CAM map ReLU(sum over k of alpha_k A^k), with alpha_k the mean of dy/dA^k.

    Args:
        forward: the network.
        image: ``(1, channel, height, width)``.
        layer: name of the layer whose output channels are the maps A^k.
        target: the class whose logit is y.

    Returns:
        ``(height, width)`` in the resolution of that layer.

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
    """Return each pixel's contribution to a class's logit, relative to an image of zeros.

    Zeros in a preprocessed image are black, or the training mean if pixels are standardised. The
    contributions add up to logit(image) - logit(zeros), up to the error of the numerical integral.

    Args:
        scores: function from ``(n, channel, height, width)`` to logits ``(n, class)``.
        image: ``(1, channel, height, width)``.
        target: the class.
        steps: number of points on the straight line from zeros to the image.

    Returns:
        ``(height, width)``, summed over channels.

    Source: Sundararajan et al. 2017, equation 3, with the midpoints of the steps instead of their
    ends, which makes the error smaller at the same cost.
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
    """Run layers one after another, and record the output of each in ``found``."""
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
    """Return a batch of one example as an array without the batch axis, channels last."""
    (value,) = values.detach()
    order = (1, 2, 0) if value.dim() == 3 else tuple(range(value.dim()))
    return np.ascontiguousarray(value.permute(order).numpy(), dtype=np.float32)
