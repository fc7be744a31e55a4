"""Containers: Residual adds a shortcut around layers, Repeat writes layers several times."""

from __future__ import annotations

from typing import ClassVar

from paribus.errors import Problem
from paribus.nn.layer import Activated, Layer, Times
from paribus.nn.shapes import ShapeError
from paribus.records import Shape

__all__ = ["Repeat", "Residual"]


def through(layers: tuple[Layer, ...], shape: Shape) -> Shape:
    """Return the shape after all layers."""
    for layer in layers:
        shape = layer.output_shape(shape)
    return shape


class Residual(Activated):
    """layers(x) + shortcut(x), then the activation; the shortcut is x itself unless layers are given.

    Source: He et al. 2016.
    """

    family: ClassVar[str] = "container"
    order: ClassVar[int] = 210
    layers: tuple[Layer, ...]
    shortcut: tuple[Layer, ...] = ()

    def paths(self) -> tuple[tuple[Layer, ...], ...]:
        """Return the layers, and those of the shortcut."""
        return self.layers, self.shortcut

    def output_shape(self, shape: Shape) -> Shape:
        """Return the output shape of both paths.

        Raises:
            ShapeError: the shapes of the paths differ.
        """
        out, around = through(self.layers, shape), through(self.shortcut, shape)
        if out != around:
            raise ShapeError(
                Problem(
                    where=self.label,
                    rule=f"both paths must end in one shape; the layers give {out}",
                    got=f"{around} from the shortcut",
                    fix="Add a 1x1 Conv2D with the same filters and strides to shortcut.",
                )
            )
        return out


class Repeat(Layer):
    """Its layers, ``times`` times one after another, each copy with weights of its own.

    Resolving a model writes the copies out; layer ``conv`` becomes ``conv_1``, ``conv_2`` ...
    """

    family: ClassVar[str] = "container"
    order: ClassVar[int] = 220
    written_out: ClassVar[bool] = True
    times: Times
    layers: tuple[Layer, ...]

    def children(self) -> tuple[Layer, ...]:
        """Return the layers of one copy."""
        return self.layers

    def unrolled(self) -> tuple[Layer, ...]:
        """Return the copies, with numbered names."""
        return tuple(
            numbered(layer, copy) for copy in range(1, self.times + 1) for layer in self.layers
        )

    def output_shape(self, shape: Shape) -> Shape:
        """Return the shape after all copies."""
        return through(self.unrolled(), shape)


def numbered(layer: Layer, copy: int) -> Layer:
    """Return the layer with ``_<copy>`` after its name, and after the names inside it."""
    update: dict[str, object] = {"name": f"{layer.name}_{copy}" if layer.name else None}
    for field in ("layers", "shortcut"):
        inner = getattr(layer, field, None)
        if inner is not None:
            update[field] = tuple(numbered(item, copy) for item in inner)
    return layer.model_copy(update=update)
