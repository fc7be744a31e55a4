"""A smaller network that still disagrees: layers and settings are taken away one by one."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from benchmarks.fuzz.drawing.cases import Case
from paribus.errors import ParibusError

__all__ = ["shrunk"]

Settings = dict[str, Any]


def shrunk(case: Case, disagrees: Callable[[Case], bool], *, seconds: float = 20.0) -> Case:
    """Return the smallest network found in some seconds for which ``disagrees`` holds.

    Args:
        case: for which it holds.
        disagrees: judges a network.
        seconds: after which the search ends.
    """
    end = time.monotonic() + seconds
    found = True
    while found:
        found = False
        for smaller in _smaller(case):
            if time.monotonic() > end:
                return case
            if _allowed(smaller) and disagrees(smaller):
                case, found = smaller, True
                break
    return case


def _allowed(case: Case) -> bool:
    """Whether the study language takes it, with one output per class."""
    try:
        model, _ = case.resolved()
        shape: tuple[int, ...] = case.shape
        for layer in model.layers:
            shape = layer.output_shape(shape)
    except (ParibusError, ValueError):
        return False
    return shape == (case.classes,)


def _smaller(case: Case) -> Iterator[Case]:
    """Yield networks with one thing less."""
    for layers in _fewer(case.model["layers"]):
        yield replace(case, model={**case.model, "layers": layers})
    for key in ("schedule", "label_smoothing"):
        if key in case.train:
            train = {name: value for name, value in case.train.items() if name != key}
            yield replace(case, train=train)
    if case.train["optimizer"] != {"SGD": {}}:
        yield replace(case, train={**case.train, "optimizer": {"SGD": {}}})
    if case.members > 1:
        yield replace(case, members=1)


def _fewer(layers: list[Settings]) -> Iterator[list[Settings]]:
    """Yield lists without one layer, with one layer's insides instead of it, or without one argument."""
    for index, layer in enumerate(layers):
        before, behind = layers[:index], layers[index + 1 :]
        yield before + behind
        kind, arguments = next(iter(layer.items()))
        for inner in ("layers", "shortcut"):
            if arguments.get(inner):
                yield before + arguments[inner] + behind
                for fewer in _fewer(arguments[inner]):
                    if fewer:
                        yield [*before, {kind: {**arguments, inner: fewer}}, *behind]
        for name in arguments:
            if name not in ("layers", "shortcut"):
                less = copy.deepcopy(arguments)
                del less[name]
                yield [*before, {kind: less}, *behind]
