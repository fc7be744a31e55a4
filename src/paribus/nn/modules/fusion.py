"""Fusion of modules into one pass over memory, without changing the function; see `paribus.nn.operators`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor, nn

from paribus.nn.modules.activation import Activation
from paribus.nn.modules.convolution import Convolution
from paribus.nn.modules.pooling import MaxPooling
from paribus.nn.operators.stem import StemGeometry, stem_convolution, stem_supported

__all__ = ["fused_steps"]

Step = Callable[[Tensor], Tensor]


def fused_steps(stages: Sequence[nn.Module], *, first: bool) -> list[Step]:
    """Return functions that, called one after another, compute the same as the stages.

    Args:
        stages: modules of a chain, with relu after max pooling.
        first: whether the input of the first module is the images, which need no gradient.
    """
    steps: list[Step] = []
    left = list(stages)
    while left:
        step, used = _stem(left) if first and not steps else (None, 0)
        if step is None:
            step, used = _pool(left)
        steps.append(step)
        left = left[used:]
    return steps


def _is_relu(stages: Sequence[nn.Module]) -> bool:
    return bool(stages) and isinstance(stages[0], Activation) and stages[0].name == "relu"


def _pooling_with_relu(stages: Sequence[nn.Module]) -> MaxPooling | None:
    """Return the max pooling if the first two stages are max pooling and relu, in any order; else None."""
    for pool, other in (stages[:2], stages[1::-1]) if len(stages) > 1 else ():
        if isinstance(pool, MaxPooling) and _is_relu([other]):
            return pool
    return None


def _pool(stages: Sequence[nn.Module]) -> tuple[Step, int]:
    """Return (max pooling with relu, 2) or (the first stage, 1); the number counts the stages used."""
    pool = _pooling_with_relu(stages)
    if pool is not None:
        return lambda x: pool(x, relu=True), 2
    return stages[0], 1


def _stem(stages: Sequence[nn.Module]) -> tuple[Step | None, int]:
    """Return the first convolution with the pooling and relu after it, and the number of stages used."""
    convolution = stages[0]
    if not isinstance(convolution, Convolution) or convolution.groups != 1:
        return None, 0
    used, pool = 1, None
    following = _pooling_with_relu(stages[1:])
    if following is not None and following.plain:
        used, pool, relu = 3, following.size, True
    else:
        relu = _is_relu(stages[1:])
        used += relu
    geometry = StemGeometry(convolution.pads, convolution.strides, relu, pool)
    apart = fused_steps(stages[:used], first=False)

    def run(x: Tensor) -> Tensor:
        if stem_supported(x, convolution.kernel, pool):
            return stem_convolution(x, convolution.kernel, convolution.bias, geometry)
        for step in apart:
            x = step(x)
        return x

    return run, used
