"""The C kernels of this folder as functions; `paribus.nn.native.building` compiles them.

Without a compiler, or with ``PARIBUS_KERNELS=torch``, PyTorch's operators are used. This module does not import
torch, so that the parent process can compile before it starts workers.
"""

from __future__ import annotations

import _ctypes
import ctypes
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from paribus.nn.native import building
from paribus.nn.native.building import CHOICE_VARIABLE, Built, build_into

__all__ = [
    "CHOICE_VARIABLE",
    "Built",
    "build",
    "build_into",
    "checked",
    "chosen",
    "convolution_settings",
    "gradient_settings",
    "lanes",
    "library",
    "loaded",
    "use",
    "winograd_block",
    "winograd_settings",
]

CONVOLUTION_FIELDS = (
    *("n", "height", "width", "channels", "kernel_height", "kernel_width", "filters"),
    *("stride_height", "stride_width", "pool_height", "pool_width", "relu", "narrow"),
)
GRADIENT_FIELDS = (
    *("n", "height", "width", "channels", "filters", "kernel_height", "kernel_width"),
    *("stride_height", "stride_width", "top", "left", "rows", "columns"),
)
WINOGRAD_FIELDS = (
    *("n", "height", "width", "channels", "filters", "kernel"),
    *("top", "left", "rows", "columns"),
)
_P, _L, _F, _U = ctypes.c_void_p, ctypes.c_long, ctypes.c_float, ctypes.c_uint64
_CAN_FAIL = (
    *("convolution_forward", "convolution_backward", "weight_gradient"),
    *("winograd_forward", "winograd_gradient"),
)
_NUMBERS = (*_CAN_FAIL, "convolution_supported", "lanes", "winograd_block")
_SIGNATURES: dict[str, list[Any]] = {
    "lanes": [],
    "convolution_supported": [_L, _L],
    "convolution_forward": [_P] * 6,
    "convolution_backward": [_P] * 7,
    "weight_gradient": [_P] * 4,
    "winograd_block": [],
    "winograd_forward": [_P] * 5,
    "winograd_gradient": [_P] * 4,
    **{f"pool_forward_{kind}": [_P] * 3 + [_L] * 9 for kind in ("float", "bf16")},
    **{f"pool_backward_{kind}": [_P] * 3 + [_L] * 8 for kind in ("float", "bf16")},
    **{f"keyed_dropout_{kind}": [_P, _P, _L, _U, _U, _L, _F] for kind in ("float", "bf16")},
    "keyed_mask": [_P, _L, _U, _U, _L, _F],
    "look_up": [_P, _P, _L, _L, _P, _L, _P],
    "update_sgd": [_P, _P, _L, _F],
    "update_momentum": [_P, _P, _P, _L, _F, _F, _F, _F],
    "update_adam": [_P] * 4 + [_L] + [_F] * 6,
    "update_adadelta": [_P] * 4 + [_L] + [_F] * 4,
}


class _Convolution(ctypes.Structure):
    """The C structure ``Convolution`` of convolution.c, field by field."""

    _fields_ = [(name, ctypes.c_long) for name in CONVOLUTION_FIELDS]


class _Gradient(ctypes.Structure):
    """The C structure ``Gradient`` of weights.c, field by field."""

    _fields_ = [(name, ctypes.c_long) for name in GRADIENT_FIELDS]


class _Winograd(ctypes.Structure):
    """The C structure ``Winograd`` of winograd.c, field by field."""

    _fields_ = [(name, ctypes.c_long) for name in WINOGRAD_FIELDS]


class _State:
    chosen: Built | None = None


def chosen() -> Built | None:
    """Return the last argument of `use`; None if `library` takes the result of `build`."""
    return _State.chosen


def use(built: Built | None) -> None:
    """Set the library to use, in a worker that of the parent process; None takes the result of `build`."""
    _State.chosen = built
    library.cache_clear()
    lanes.cache_clear()
    winograd_block.cache_clear()


@cache
def library() -> ctypes.CDLL | None:
    """Return the loaded kernels; None if PyTorch's operators must be used."""
    built = _State.chosen or build()
    if built.path is None:
        return None
    kernels = _opened(built.path)
    return None if isinstance(kernels, str) else kernels


@cache
def build() -> Built:
    """Return kernels that can be loaded, from the cache or newly compiled; never raises."""
    return building.build(_unusable)


def _unusable(path: Path) -> str | None:
    """Return why a compiled library cannot be used; None if it can."""
    found = _opened(path)
    return found if isinstance(found, str) else None


def _opened(path: Path) -> ctypes.CDLL | str:
    """Load a library and look up all of its functions; return an error text if that fails."""
    try:
        kernels = ctypes.CDLL(str(path))
    except OSError as error:
        return f"{path.name} does not load: {error}"
    for name, types in _SIGNATURES.items():
        function = getattr(kernels, name, None)
        if function is None:
            # An open library would be returned again for its path.
            _ctypes.dlclose(kernels._handle)
            return f"{path.name} lacks the function {name}"
        function.argtypes = types
        function.restype = ctypes.c_int if name in _NUMBERS else None
    return kernels


def loaded() -> ctypes.CDLL:
    """Return the loaded kernels.

    Raises:
        RuntimeError: `library` returns None.
    """
    kernels = library()
    if kernels is None:
        raise RuntimeError("the kernels are not available")
    return kernels


@cache
def lanes() -> int:
    """Return the number of float32 values in a vector register; kernels process filters in such vectors."""
    return int(loaded().lanes())


def convolution_settings(*values: int) -> ctypes.Structure:
    """Return the structure that the convolution kernels read, from values in its fields' order."""
    return _Convolution(*values)


def gradient_settings(*values: int) -> ctypes.Structure:
    """Return the structure that the weight gradient reads, from values in its fields' order."""
    return _Gradient(*values)


def winograd_settings(*values: int) -> ctypes.Structure:
    """Return the structure that winograd.c reads, from values in its fields' order."""
    return _Winograd(*values)


@cache
def winograd_block() -> int:
    """Return the number of filters that `winograd_forward` computes at a time."""
    return int(loaded().winograd_block())


def checked(function: Callable[..., int]) -> Callable[..., None]:
    """Wrap a kernel so that it raises if it could not allocate memory."""

    def call(*arguments: object) -> None:
        if function(*arguments):
            raise MemoryError("a convolution needs more memory than there is")

    return call
