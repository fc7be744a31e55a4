"""Predicates on resolved settings: whether a change of the arithmetic may alter a variant's results.

They belong to the changes in `paribus.engine.provenance.version`. If the settings do not decide it, the answer
is True.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from paribus.data.load import describe
from paribus.data.sources import named_sources
from paribus.data.spec import DataSpec
from paribus.errors import ParibusError, StudyError
from paribus.nn.layer import Layer
from paribus.nn.spec import ModelSpec
from paribus.records import DataDescription, Shape, Variant

__all__ = [
    "follows_gradients_with_a_small_beta",
    "has_fans_of_groups",
    "normalises_single_values",
    "pools_many_pixels_first",
    "strides_where_torch_fails",
]

MOST_PIXELS = 255
"""Largest pooling window in pixels whose maximum's index fits in a byte, beside a code for "relu gave 0"."""
_CONVOLUTIONS = ("Conv2D", "DepthwiseConv2D", "SeparableConv2D")
"""Names of the convolution layers that existed when the arithmetic changed; later ones are not concerned."""
_FREE_OF_FANS = (
    *("torch_uniform", "zeros", "ones", "orthogonal"),
    *("constant", "random_uniform", "random_normal"),
)
"""Initializers whose values do not depend on the number of inputs and outputs (fans)."""
_NEAREST = 1e-6
"""Tolerance for beta_1 of a half, above the resolution of float32."""


def pools_many_pixels_first(variant: Variant) -> bool:
    """Return whether a first convolution is followed by pooling windows of more than 255 pixels."""
    layers = variant.model.get("layers", ())
    kinds = [next(iter(layer)) for layer in layers[:3]]
    if not kinds or kinds[0] not in _CONVOLUTIONS[:2] or _by_numpy(variant):
        return False
    for layer in layers[1:3]:
        for kind, arguments in layer.items():
            if kind == "MaxPooling2D":
                height, width = arguments["pool_size"]
                return bool(height * width > MOST_PIXELS)
    return False


def strides_where_torch_fails(variant: Variant) -> bool:
    """Return whether a convolution has strides for which PyTorch's kernels are wrong.

    These are strides other than 1 with a 1 x 1 kernel, and strides (1, s) with s above 1.
    """
    if _by_numpy(variant):
        return False
    for kind, arguments in _layers(variant):
        if kind in _CONVOLUTIONS:
            down, right = arguments["strides"]
            tiny = tuple(arguments["kernel_size"]) == (1, 1)
            if (tiny and (down, right) != (1, 1)) or down == 1 < right:
                return True
    return False


def follows_gradients_with_a_small_beta(variant: Variant) -> bool:
    """Return whether the optimizer is Adam or AdamW with beta_1 up to a half.

    Our kernel rounded the moving mean of gradients differently from PyTorch's for such a beta.
    """
    if _by_numpy(variant):
        return False
    chosen = variant.train.get("optimizer", {})
    return any(
        name in ("Adam", "AdamW") and constants["beta_1"] <= 0.5 + _NEAREST
        for name, constants in chosen.items()
    )


def has_fans_of_groups(variant: Variant) -> bool:
    """Return whether initial values of a depthwise kernel had a wrong scale, with the torch profile."""
    if variant.model.get("defaults") != "torch":
        return False
    for kind, arguments in _layers(variant):
        if kind in _CONVOLUTIONS[1:]:
            name = "kernel" if kind == "DepthwiseConv2D" else "depthwise"
            given = arguments.get(f"{name}_initializer", "torch_uniform")
            if (given if isinstance(given, str) else next(iter(given))) not in _FREE_OF_FANS:
                return True
            if kind == "DepthwiseConv2D" and given != "torch_uniform":  # the bias had wrong fans
                return True
    return False


def normalises_single_values(variant: Variant) -> bool:
    """Return whether batch normalisation may get a single value per channel.

    This happens with a batch of one example and an input of one pixel, or without spatial axes.
    """
    if not any(kind == "BatchNormalization" for kind, _ in _layers(variant)):
        return False
    if _by_numpy(variant):
        return False
    known = _description(variant)
    if not _has_a_batch_of_one(variant, known):
        return False
    shape = None if known is None else known.input_shape
    return any(_sees_single_values(ModelSpec.parse(variant.model).layers, shape))


def _layers(variant: Variant) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield (class, arguments) of every layer, containers before their layers."""
    yield from _walk(variant.model.get("layers", ()))


def _walk(layers: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for layer in layers:
        for kind, arguments in layer.items():
            yield kind, arguments
            for field in ("layers", "shortcut"):
                yield from _walk(arguments.get(field, ()))


def _by_numpy(variant: Variant) -> bool:
    return variant.train.get("backend") == "numpy"


def _description(variant: Variant) -> DataDescription | None:
    """Return the description of a named data set; None for other sources, which would have to be read."""
    source = variant.data.get("source")
    if source not in named_sources():
        return None
    try:
        return describe(DataSpec.parse(dict(variant.data)))
    except ParibusError:  # planning reports it
        return None


def _has_a_batch_of_one(variant: Variant, known: DataDescription | None) -> bool:
    train = variant.train
    size = train.get("batch_size", 1)
    if size == 1 or train.get("mistakes") or known is None:
        return bool(size == 1 or train.get("last_batch", "keep") == "keep")
    if train.get("last_batch", "keep") == "drop" or train.get("steps_per_epoch"):
        return False
    counts = known.num_examples
    return any(n % size == 1 for n in (counts["train"], counts["train"] + counts["validation"]))


def _sees_single_values(layers: tuple[Layer, ...], shape: Shape | None) -> Iterator[bool]:
    """Yield for every batch normalisation whether an example may give it one value per channel."""
    for layer in layers:
        for path in layer.paths():
            yield from _sees_single_values(path, shape)
        if layer.kind == "BatchNormalization":
            yield shape is None or len(shape) == 1 or tuple(shape[:2]) == (1, 1)
        try:
            shape = None if shape is None else layer.output_shape(shape)
        except StudyError:
            shape = None
