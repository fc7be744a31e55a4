"""Initial weights of a network, keyed by the name of each weight. Free of torch."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from paribus.keyed import generator
from paribus.nn.initializers import draw
from paribus.nn.layer import Layer, WeightSpec
from paribus.nn.spec import ModelSpec
from paribus.records import Shape

__all__ = ["initial_weights", "weight_specs"]


def weight_specs(model: ModelSpec, input_shape: Shape) -> Iterator[tuple[str, WeightSpec]]:
    """Yield ``(layer name, weight)`` of every layer of a resolved model."""
    yield from _walk(model.layers, input_shape)


def initial_weights(
    model: ModelSpec, input_shape: Shape, seed: int
) -> dict[str, npt.NDArray[np.float32]]:
    """Draw every weight, keyed by (seed, layer name, weight name).

    Args:
        model: the resolved model.
        input_shape: ``(height, width, channel)``.
        seed: seed of the trial.

    Returns:
        ``"layer/weight"`` -> array in torch's layout, moving statistics included.

    Raises:
        RuntimeError: the model has not been resolved, so that a distribution is not given.
    """
    drawn = {}
    for name, weight in weight_specs(model, input_shape):
        if weight.initializer is None:
            rule = "the initializer is not resolved; take ModelSpec.resolved()"
            raise RuntimeError(f"{name}/{weight.name}: {rule}")
        fan_in, fan_out = weight.fans(model.defaults)
        drawn[f"{name}/{weight.name}"] = draw(
            weight.initializer,
            weight.shape,
            fan_in=fan_in,
            fan_out=fan_out,
            generator=generator(seed, "initial weights", name, weight.name),
        )
    return drawn


def _walk(layers: tuple[Layer, ...], shape: Shape) -> Iterator[tuple[str, WeightSpec]]:
    for layer in layers:
        for path in layer.paths():
            yield from _walk(path, shape)
        for weight in layer.weights(shape):
            yield layer.name or layer.kind, weight
        shape = layer.output_shape(shape)
