"""Shapes and parameter counts of a network, layer by layer. Free of torch."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from paribus.nn.layer import Layer
from paribus.nn.spec import ModelSpec
from paribus.records import Shape

__all__ = ["LayerRow", "ModelSummary", "model_summary"]


@dataclass(frozen=True)
class LayerRow:
    """One row of the summary table."""

    name: str
    type: str
    output_shape: Shape
    parameters: int
    trainable_parameters: int


@dataclass(frozen=True)
class ModelSummary:
    """Rows of the summary table in the order of the layers, and their sums."""

    layers: tuple[LayerRow, ...]
    output_shape: Shape

    @property
    def parameters(self) -> int:
        """Number of all weights, including moving statistics, as Keras counts."""
        return sum(row.parameters for row in self.layers)

    @property
    def trainable_parameters(self) -> int:
        """Number of weights that the optimizer changes."""
        return sum(row.trainable_parameters for row in self.layers)


def model_summary(model: ModelSpec, input_shape: Shape) -> ModelSummary:
    """Infer every shape and count every parameter.

    Args:
        model: a resolved model.
        input_shape: shape of one example, ``(height, width, channel)``.

    Raises:
        ShapeError: a layer cannot take the shape that reaches it.
    """
    rows: list[LayerRow] = []
    shape = _add_rows(model.layers, input_shape, rows)
    return ModelSummary(tuple(rows), shape)


def _add_rows(layers: tuple[Layer, ...], shape: Shape, rows: list[LayerRow]) -> Shape:
    for layer in layers:
        out = layer.output_shape(shape)
        weights = layer.weights(shape)
        sizes = [(prod(weight.shape), weight.trainable) for weight in weights]
        for path in layer.paths():
            _add_rows(path, shape, rows)
        rows.append(
            LayerRow(
                layer.name or layer.kind,
                layer.kind,
                out,
                sum(size for size, _ in sizes),
                sum(size for size, trainable in sizes if trainable),
            )
        )
        shape = out
    return shape
