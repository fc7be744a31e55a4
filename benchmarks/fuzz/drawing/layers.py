"""Layers at random: one function a layer that the registry holds, and structures near known limits."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.fuzz.drawing.randomness import Randomness
from paribus.errors import StudyError
from paribus.nn.initializers import INITIALIZERS
from paribus.nn.layer import ACTIVATIONS
from paribus.nn.spec import ModelSpec

__all__ = ["drawn_layers", "special_layers"]

Settings = dict[str, Any]
Shape = tuple[int, ...]
_LARGEST = 5000
"""Numbers of one example behind a layer."""
_LARGEST_FIRST = 40_000
"""The same behind the layers that stand first."""
_MOST_WEIGHTS = 30_000


def drawn_layers(
    draw: Randomness, shape: Shape, start: Sequence[Settings], classes: int
) -> list[Settings]:
    """Return layers from images of ``shape`` to as many outputs as there are classes."""
    layers = list(start)
    if draw.chance(0.15):
        layers.insert(0, {"Input": {"shape": list(shape)}})
    for layer in start:
        shape = _behind(layer, shape, _LARGEST_FIRST) or shape
    for _ in range(draw.integer(0 if start else 1, 2 if start else 5)):
        shape = _add(draw, layers, shape, IMAGE)
    ends = {
        "Flatten": _bare,
        "GlobalAveragePooling2D": _bare,
        "GlobalMaxPooling2D": _bare,
    }
    if len(shape) == 3:
        shape = _add(draw, layers, shape, ends)
    for _ in range(draw.integer(0, 3)):
        shape = _add(draw, layers, shape, FLAT)
    return [*layers, *_outputs(draw, shape, classes)]


def _add(
    draw: Randomness, layers: list[Settings], shape: Shape, table: dict[str, _Drawer]
) -> Shape:
    """Append a layer that fits; after many tries, none."""
    for _ in range(20):
        kind = draw.choice(list(table))
        arguments = table[kind](draw, shape)
        layer = {kind: arguments}
        behind = _behind(layer, shape)
        if behind is not None:
            layers.append(layer)
            return behind
    return shape


def _behind(layer: Settings, shape: Shape, largest: int = _LARGEST) -> Shape | None:
    """Return the shape behind a layer; None where it does not fit or becomes large."""
    try:
        model = ModelSpec.parse({"layers": [layer]}).resolved()
        for item in model.layers:
            if sum(math.prod(weight.shape) for weight in item.weights(shape)) > _MOST_WEIGHTS:
                return None
            shape = item.output_shape(shape)
    except StudyError:
        return None
    return shape if 1 <= math.prod(shape) <= largest else None


def _outputs(draw: Randomness, shape: Shape, classes: int) -> list[Settings]:
    """A dense layer with its activation, inside or behind it; seldom something behind that."""
    name = draw.choice(("softmax", "softmax", "softmax", "sigmoid", "linear", "tanh", "relu"))
    dense = {"units": classes, **_weighted(draw), "activation": name}
    if draw.chance(0.7):
        return [{"Dense": dense}]
    behind = {"BatchNormalization": {}} if draw.chance(0.3) else None
    layers = [
        {"Dense": {**dense, "activation": "linear"}},
        behind,
        {"Activation": {"activation": name}},
    ]
    return [layer for layer in layers if layer]


def _bare(draw: Randomness, shape: Shape) -> Settings:
    return {}


def _weighted(draw: Randomness, kernels: Sequence[str] = ("kernel",)) -> Settings:
    """What all layers with a kernel have; each field is left out at times."""
    found: Settings = {}
    if draw.chance(0.7):
        found["activation"] = draw.choice((*ACTIVATIONS, "relu", "relu", "relu"))
    if draw.chance(0.3):
        found["use_bias"] = draw.chance(0.3)
    for name in (*kernels, "bias"):
        if draw.chance(0.2):
            found[f"{name}_initializer"] = _initializer(draw)
        if draw.chance(0.15):
            found[f"{name}_regularizer"] = _regularizer(draw)
    return found


def _initializer(draw: Randomness) -> str | Settings:
    name = draw.choice([item for item in INITIALIZERS if item not in ("zeros", "ones")])
    if name == "constant":
        return {name: {"value": draw.number(-0.5, 0.5)}}
    if name == "orthogonal" and draw.chance(0.5):
        return {name: {"gain": draw.number(0.5, 2)}}
    return name


def _regularizer(draw: Randomness) -> Settings:
    both = {"l1": draw.magnitude(1e-4, 0.1), "l2": draw.magnitude(1e-4, 0.1)}
    return both if draw.chance(0.3) else dict([draw.choice(list(both.items()))])


def _pair(draw: Randomness, values: Sequence[int]) -> int | list[int]:
    """A whole number, or one for each direction."""
    first = draw.choice(values)
    return first if draw.chance(0.6) else [first, draw.choice(values)]


def _window(draw: Randomness) -> Settings:
    found: Settings = {"kernel_size": _pair(draw, (1, 2, 3, 3, 3, 5, 5, 7, 4))}
    if draw.chance(0.35):
        found["strides"] = _pair(draw, (1, 2, 2, 3))
    if draw.chance(0.65):
        found["padding"] = draw.choice(("same", "same", "valid", 1, 2, 3))
    return found


def _convolution(draw: Randomness, shape: Shape) -> Settings:
    filters = draw.choice((1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33))
    return {"filters": filters, **_window(draw), **_weighted(draw)}


def _depthwise(draw: Randomness, shape: Shape) -> Settings:
    more = {"depth_multiplier": draw.integer(1, 3)} if draw.chance(0.5) else {}
    return {**more, **_window(draw), **_weighted(draw)}


def _separable(draw: Randomness, shape: Shape) -> Settings:
    more = {"depth_multiplier": draw.integer(1, 3)} if draw.chance(0.5) else {}
    weighted = _weighted(draw, ("kernel", "depthwise", "pointwise"))
    return {"filters": draw.choice((1, 3, 4, 8, 16, 17)), **more, **_window(draw), **weighted}


def _dense(draw: Randomness, shape: Shape) -> Settings:
    return {"units": draw.choice((1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 64)), **_weighted(draw)}


def _pooling(draw: Randomness, shape: Shape) -> Settings:
    found: Settings = {}
    if draw.chance(0.6):
        found["pool_size"] = _pair(draw, (1, 2, 2, 3, 3, 4, 5))
    if draw.chance(0.3):
        found["strides"] = _pair(draw, (1, 2, 3))
    if draw.chance(0.4):
        found["padding"] = draw.choice(("same", "valid"))
    return found


def _dropout(draw: Randomness, shape: Shape) -> Settings:
    return {"rate": draw.choice((0.0, 0.1, 0.25, 0.5, 0.9, draw.number(0, 0.95)))}


def _normalization(draw: Randomness, shape: Shape) -> Settings:
    found: Settings = {}
    for name in ("center", "scale"):
        if draw.chance(0.25):
            found[name] = draw.chance(0.2)
    if draw.chance(0.3):
        found["epsilon"] = draw.choice((1e-5, 1e-3, 1e-2, 0.5))
    return found


def _batch_normalization(draw: Randomness, shape: Shape) -> Settings:
    found = _normalization(draw, shape)
    if draw.chance(0.4):
        found["momentum"] = draw.choice((0.0, 0.1, 0.9, 0.99, 1.0))
    if draw.chance(0.2):
        found["unbiased"] = draw.chance(0.5)
    return found


def _group_normalization(draw: Randomness, shape: Shape) -> Settings:
    divisors = [groups for groups in range(1, shape[-1] + 1) if shape[-1] % groups == 0]
    return {**_normalization(draw, shape), "groups": draw.choice(divisors)}


def _activation(draw: Randomness, shape: Shape) -> Settings:
    return {"activation": draw.choice(ACTIVATIONS)}


def _leaky(draw: Randomness, shape: Shape) -> Settings:
    return {"negative_slope": draw.choice((0.0, 0.1, 0.5, 1.5))} if draw.chance(0.5) else {}


def _rescaling(draw: Randomness, shape: Shape) -> Settings:
    more = {"offset": draw.number(-1, 1)} if draw.chance(0.5) else {}
    return {"scale": draw.choice((0.5, 2.0, -1.0, draw.number(0.1, 3))), **more}


def _zero_padding(draw: Randomness, shape: Shape) -> Settings:
    sides = [draw.integer(0, 3) for _ in range(4)]
    return {"padding": draw.choice((sides[0], sides[:2], [sides[:2], sides[2:]]))}


def _residual(draw: Randomness, shape: Shape) -> Settings:
    """Layers that keep the shape around which x goes, or that change it with a shortcut that does, too."""
    inner: list[Settings] = []
    shortcut: list[Settings] = []
    strides = draw.choice((1, 1, 2, [1, 2], 3))
    changes = draw.chance(0.5)
    keeping = KEEPING_IMAGE if len(shape) == 3 else KEEPING_FLAT
    behind = shape
    for _ in range(draw.integer(0, 2)):
        behind = _add(draw, inner, behind, keeping)
    if len(shape) == 1:
        units = draw.integer(1, 17) if changes else shape[0]
        inner.append({"Dense": {"units": units, **_weighted(draw)}})
        shortcut = [{"Dense": {"units": units, **_weighted(draw)}}] if changes else []
    else:
        filters = draw.choice((2, 3, 8, 16)) if changes else shape[2]
        window = {"kernel_size": draw.choice((1, 3, 5)), "padding": "same"}
        window["strides"] = strides if changes else 1
        inner.append({"Conv2D": {"filters": filters, **window, **_weighted(draw)}})
        if changes:
            arguments = {"filters": filters, "kernel_size": 1, "strides": strides}
            shortcut.append({"Conv2D": {**arguments, **_weighted(draw)}})
    if shortcut and draw.chance(0.3):
        shortcut.append({"BatchNormalization": {}})
    if draw.chance(0.4):
        _add(draw, inner, shape, keeping)
    found: Settings = {"layers": inner}
    if shortcut:
        found["shortcut"] = shortcut
    if draw.chance(0.5):
        found["activation"] = draw.choice((*ACTIVATIONS, "relu", "relu"))
    return found


def _repeat(draw: Randomness, shape: Shape) -> Settings:
    inner: list[Settings] = []
    keeping = KEEPING_IMAGE if len(shape) == 3 else KEEPING_FLAT
    table = {**keeping, "Residual": _residual}
    if len(shape) == 3:
        table = {**table, "Conv2D": _convolution, "MaxPooling2D": _pooling}
    for _ in range(draw.integer(1, 2)):
        _add(draw, inner, shape, table)
    return {"times": draw.integer(1, 3), "layers": inner}


_Drawer = Callable[[Randomness, Shape], Settings]
_ANYWHERE: dict[str, _Drawer] = {
    "Activation": _activation,
    "BatchNormalization": _batch_normalization,
    "Dropout": _dropout,
    "GroupNormalization": _group_normalization,
    "LayerNormalization": _normalization,
    "LeakyReLU": _leaky,
    "ReLU": _bare,
    "Rescaling": _rescaling,
}
KEEPING_FLAT: dict[str, _Drawer] = {**_ANYWHERE, "Flatten": _bare}
KEEPING_IMAGE: dict[str, _Drawer] = {**_ANYWHERE, "SpatialDropout2D": _dropout}
FLAT: dict[str, _Drawer] = {
    **KEEPING_FLAT,
    "Dense": _dense,
    "Residual": _residual,
    "Repeat": _repeat,
}
IMAGE: dict[str, _Drawer] = {
    **KEEPING_IMAGE,
    "Conv2D": _convolution,
    "DepthwiseConv2D": _depthwise,
    "SeparableConv2D": _separable,
    "MaxPooling2D": _pooling,
    "AveragePooling2D": _pooling,
    "ZeroPadding2D": _zero_padding,
    "Residual": _residual,
    "Repeat": _repeat,
}


def special_layers(draw: Randomness) -> tuple[tuple[int, int, int], list[Settings]]:
    """Return images and first layers near the limits of fused operators, or that libraries stumble over."""
    while True:
        shape, layers = draw.choice(_SPECIAL)(draw)
        if _fits(layers, shape):
            return shape, layers


def _large_window(draw: Randomness) -> tuple[tuple[int, int, int], list[Settings]]:
    """The winner of a pooling window is kept in a byte: windows of 254, 255, 256 cells and more."""
    window = draw.choice(((2, 127), (127, 2), (15, 17), (17, 15), (16, 16), (5, 51), (16, 17)))
    shape = tuple(side + draw.integer(0, 2) for side in window)
    pool = {"pool_size": list(window)}
    convolution = {
        "filters": draw.choice((1, 3)),
        "kernel_size": draw.choice((1, 3)),
        "padding": "same",
    }
    activation = draw.choice(("relu", "linear", "tanh"))
    layers = [{"Conv2D": {**convolution, "activation": activation}}, {"MaxPooling2D": pool}]
    return (shape[0], shape[1], draw.choice((1, 3))), layers


def _stem(draw: Randomness) -> tuple[tuple[int, int, int], list[Settings]]:
    """The first convolution with relu and pooling, whose passes are fused, in odd sizes."""
    shape = (draw.integer(9, 30), draw.integer(9, 30), draw.choice((1, 2, 3, 4)))
    convolution = {**_convolution(draw, shape), "activation": "relu"}
    pool = {"pool_size": _pair(draw, (2, 3, 4))}
    layers = [{"Conv2D": convolution}, {"MaxPooling2D": pool}]
    if draw.chance(0.3):
        layers = [{"Conv2D": {**convolution, "activation": "linear"}}, layers[1], {"ReLU": {}}]
    return shape, layers


def _fits(layers: Sequence[Settings], shape: Shape) -> bool:
    for layer in layers:
        behind = _behind(layer, shape, _LARGEST_FIRST)
        if behind is None:
            return False
        shape = behind
    return True


def _wide(draw: Randomness) -> tuple[tuple[int, int, int], list[Settings]]:
    """Channels in whole vectors, where convolutions take Winograd's way or our own gradients."""
    shape = (draw.integer(6, 13), draw.integer(6, 13), draw.choice((1, 3)))
    channels, filters = draw.choice((8, 16, 32)), draw.choice((16, 32, 64))
    first = {"filters": channels, "kernel_size": 1}
    second = {"filters": filters, "kernel_size": draw.choice((3, 3, 5)), **_weighted(draw)}
    if draw.chance(0.6):
        second["padding"] = draw.choice(("same", 1, 2))
    return shape, [{"Conv2D": first}, {"Conv2D": second}]


def _pointwise(draw: Randomness) -> tuple[tuple[int, int, int], list[Settings]]:
    """1x1 convolutions with strides, few channels."""
    shape = (draw.integer(3, 20), draw.integer(3, 20), draw.integer(1, 5))
    arguments = {
        "filters": draw.integer(1, 20),
        "kernel_size": 1,
        "strides": _pair(draw, (2, 2, 3)),
    }
    before = [{"Conv2D": {"filters": draw.integer(1, 7), "kernel_size": 3, "padding": "same"}}]
    return shape, [
        *(before if draw.chance(0.6) else []),
        {"Conv2D": {**arguments, **_weighted(draw)}},
    ]


def _normalized_first(draw: Randomness) -> tuple[tuple[int, int, int], list[Settings]]:
    """A normalisation that sees the images themselves."""
    shape = (draw.integer(4, 12), draw.integer(4, 12), draw.choice((1, 2, 3, 4, 6)))
    kind = draw.choice(("BatchNormalization", "GroupNormalization", "LayerNormalization"))
    return shape, [{kind: _ANYWHERE[kind](draw, shape)}]


def _single_values(draw: Randomness) -> tuple[tuple[int, int, int], list[Settings]]:
    """Batch normalisation over 1x1 images: one value per channel where a batch has one example."""
    shape = (draw.integer(3, 8), draw.integer(3, 8), draw.choice((1, 3)))
    convolution = {"filters": draw.integer(1, 8), "kernel_size": list(shape[:2]), **_weighted(draw)}
    layers: list[Settings] = [{"Conv2D": convolution}]
    return shape, [*layers, {"BatchNormalization": _batch_normalization(draw, (1, 1, 1))}]


_SPECIAL = (
    _large_window,
    _stem,
    _stem,
    _wide,
    _wide,
    _pointwise,
    _normalized_first,
    _single_values,
)
