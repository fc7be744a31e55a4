"""Base class of layers: a function and the chain rule through it; and the registry of layers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from paribus.nn.layer import Layer
from paribus.nn.registry import Forms
from paribus.records import Shape

__all__ = ["Array", "Given", "Named", "ReferenceLayer", "reference_of"]

Array = npt.NDArray[np.float64]
Named = dict[str, Array]
"""Name of a weight -> array."""


class ReferenceLayer(ABC):
    """A differentiable function with weights.

    A network is ``loss(f_3(f_2(f_1(x))))``. For every layer the chain rule needs two things. Given
    ``dy``, the derivative of the loss with respect to each output of the layer,

    - ``dx[i] = sum_j dy[j] * d y[j] / d x[i]`` is passed to the layer before, and
    - ``dw[i] = sum_j dy[j] * d y[j] / d w[i]`` is the gradient of each weight.

    ``forward`` stores the values that ``backward`` needs, so a backward pass refers to the last forward
    pass.
    """

    def __init__(self, name: str, weights: dict[str, Array] | None = None) -> None:
        self.name = name
        self.weights = weights or {}
        self.gradients: dict[str, Array] = {}

    @abstractmethod
    def forward(self, x: Array, *, training: bool) -> Array:
        """Return ``y = f(x)``; the first axis of x and y is the example."""

    @abstractmethod
    def backward(self, dy: Array) -> Array:
        """Return dL/dx in the shape of x, given dL/dy in the shape of y; set ``gradients`` (dL/dw)."""

    def inner(self) -> Iterator[ReferenceLayer]:
        """Yield the layers inside a container; none by default."""
        yield from ()

    def begin_epoch(self, seed: int, epoch: int) -> None:  # noqa: B027 - does nothing by default
        """Set the key of the next epoch's random draws; most layers have none."""


@dataclass(frozen=True)
class Given:
    """Input shape and weights from which a layer is built, besides its settings."""

    name: str
    shape: Shape
    """Shape of one input: ``(height, width, channel)`` or ``(unit,)``."""
    weights: Named
    """Weights of the layer, as float64."""
    build: Callable[[tuple[Layer, ...], Shape], tuple[ReferenceLayer, ...]]
    """Function that builds a chain of layers for inputs of a shape; containers need it."""


reference_of: Forms[[Given], ReferenceLayer] = Forms("paribus.reference", "reference")
"""``reference_of(layer, given)`` returns the layer in NumPy."""
