"""Probe of a trained network: layer outputs, gradients, and reproducibility of its predictions.

It builds a network of its own from the trial's initial and final weights. So it cannot disturb the
training, and measures the same for trials that were trained alone or in a group.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from paribus.data.prepare import PreparedData
from paribus.engine.device_images import DeviceImages
from paribus.engine.evaluate import Scorer
from paribus.engine.stages import look_at_stages
from paribus.nn.build import Network, build_network, load_weights
from paribus.nn.initial import initial_weights
from paribus.nn.modules.activation import Activation
from paribus.nn.spec import ModelSpec
from paribus.nn.training import TrainSpec
from paribus.observed import Gradient, Probe, ProbedLayer
from paribus.records import Trial

__all__ = ["probe_network"]

EXAMPLES = 250
"""Number of probed images; a relu unit is dead if it outputs 0 for all of them."""
PIXELS = 300_000
"""Largest total number of pixels of the probed images; large images are therefore fewer."""
GRADIENT_EXAMPLES = 32
"""Number of images in the batch for gradients."""
ALONE = 16
"""Number of images that are also scored one by one."""
_LIMITS = {"sigmoid": (0.01, 0.99), "tanh": (-0.99, 0.99)}
"""Activation -> range outside which a value is saturated."""


def probe_network(
    trial: Trial, data: PreparedData, weights: Mapping[str, npt.NDArray[np.float32]]
) -> Probe:
    """Measure a trained network on some training images, in float32 on the CPU.

    Args:
        trial: the trained trial.
        data: its prepared data.
        weights: its final weights.

    Returns:
        Sizes of layer outputs and gradients, and how much probabilities change on another pass.
    """
    model = ModelSpec.parse(trial.variant.model)
    shape = data.train_images.image_shape
    network = build_network(model, shape)
    scorer = _scorer(trial, model, network, len(data.class_names))
    images = DeviceImages(data.train_images, torch.device("cpu"))
    labels = torch.from_numpy(data.train_labels)
    affordable = max(ALONE, min(EXAMPLES, PIXELS // (shape[0] * shape[1])))
    chosen = torch.arange(min(affordable, len(images)))
    load_weights(network, initial_weights(model, shape, trial.seed))
    few = chosen[:GRADIENT_EXAMPLES]
    start = _gradients(network, scorer, images.batch(few), labels[few], trial.seed)
    load_weights(network, weights)
    end = _gradients(network, scorer, images.batch(few), labels[few], trial.seed)
    load_weights(network, weights)  # restores the moving statistics
    batch = images.batch(chosen)
    twice, alone = _steadiness(network, batch)
    return Probe(
        examples=len(chosen),
        input_rms=_rms(batch),
        layers=_layers(network, batch),
        gradients={name: Gradient(start[name], end[name]) for name in start},
        twice=twice,
        alone=alone,
    )


def _scorer(trial: Trial, model: ModelSpec, network: Network, num_classes: int) -> Scorer:
    train = TrainSpec.parse(trial.variant.train, model.defaults)
    return Scorer.of(train, network.final_activation, num_classes)


def _gradients(
    network: Network, scorer: Scorer, batch: Tensor, labels: Tensor, seed: int
) -> dict[str, float]:
    """Return the root mean square of the gradient of every weight with two axes or more."""
    network.train()
    network.begin_epoch(seed, 0)
    network.zero_grad()
    loss = scorer.objective(network(batch), labels, "mean")
    loss.backward()  # type: ignore[no-untyped-call]
    return {
        name: _rms(tensor.grad)
        for name, tensor in network.weight_tensors().items()
        if tensor.grad is not None and tensor.dim() > 1
    }


def _layers(network: Network, batch: Tensor) -> tuple[ProbedLayer, ...]:
    network.eval()
    found: list[ProbedLayer] = []
    look_at_stages(network, batch, lambda *seen: found.append(_layer(*seen)))
    return tuple(found)


def _layer(name: str, module: nn.Module, output: Tensor) -> ProbedLayer:
    row = ProbedLayer(name.removesuffix("/activation"), _rms(output))
    if isinstance(module, Activation):
        units = output.transpose(0, 1).flatten(1)
        if module.name == "relu":
            dead = float((units <= 0).all(1).double().mean())
            return replace(row, dead=dead, units=len(units))
        if module.name in _LIMITS:
            low, high = _LIMITS[module.name]
            saturated = float(((units < low) | (units > high)).double().mean())
            return replace(row, saturated=saturated)
    return row


def _steadiness(network: Network, batch: Tensor) -> tuple[float, float]:
    """Return the largest changes of a probability when images are scored again, and one by one.

    In evaluation mode both should be zero up to rounding.
    """
    network.eval()
    with torch.no_grad():
        first = network.probabilities(network(batch))
        again = network.probabilities(network(batch))
        alone = torch.cat([network.probabilities(network(row[None])) for row in batch[:ALONE]])
    return float((again - first).abs().max()), float((alone - first[:ALONE]).abs().max())


def _rms(tensor: Tensor) -> float:
    return float(tensor.double().square().mean().sqrt())
