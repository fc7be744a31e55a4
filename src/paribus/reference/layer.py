"""What a layer is: a function forward, and the chain rule backward; and where each is registered."""

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
"""Arrays by name."""


class ReferenceLayer(ABC):
    """A differentiable function with weights.

    A network is ``loss(f_3(f_2(f_1(x))))``. For every layer the chain rule needs two things. Given
    ``dy``, how fast the loss changes with each number that the layer puts out,

    - ``dx[i] = sum_j dy[j] * d y[j] / d x[i]`` is handed to the layer before, and
    - ``dw[i] = sum_j dy[j] * d y[j] / d w[i]`` is the gradient of each weight.

    ``forward`` remembers what ``backward`` needs, so a backward pass belongs to the last forward
    pass.
    """

    def __init__(self, name: str, weights: dict[str, Array] | None = None) -> None:
        self.name = name
        self.weights = weights or {}
        self.gradients: dict[str, Array] = {}

    @abstractmethod
    def forward(self, x: Array, *, training: bool) -> Array:
        """Return ``y = f(x)``."""

    @abstractmethod
    def backward(self, dy: Array) -> Array:
        """Return ``dx``, and set ``gradients``."""

    def inner(self) -> Iterator[ReferenceLayer]:
        """Yield the layers inside."""
        yield from ()

    def begin_epoch(self, seed: int, epoch: int) -> None:  # noqa: B027 - nothing is the default
        """Key the random numbers of the coming epoch; most layers draw none."""


@dataclass(frozen=True)
class Given:
    """What a layer is built from, beside its settings."""

    name: str
    shape: Shape
    """Shape of one input: ``(height, width, channel)`` or ``(unit,)``."""
    weights: Named
    """The layer's own, as float64."""
    build: Callable[[tuple[Layer, ...], Shape], tuple[ReferenceLayer, ...]]
    """Builds a chain for inputs of a shape; a container needs it for what it holds."""


reference_of: Forms[[Given], ReferenceLayer] = Forms("paribus.reference", "reference")
"""``reference_of(layer, given)`` returns the layer in NumPy."""
