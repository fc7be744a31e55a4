"""The C kernels of this folder as a shared library: compiled once per machine, then kept in a cache.

Without a compiler, or with ``CETERIS_KERNELS=torch``, everything runs on PyTorch's own operators.
This module needs no torch, so that the parent process can compile before it starts workers.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import platformdirs

__all__ = [
    "CHOICE_VARIABLE",
    "Built",
    "build",
    "build_into",
    "checked",
    "convolution_settings",
    "gradient_settings",
    "lanes",
    "library",
    "loaded",
    "use",
    "winograd_block",
    "winograd_settings",
]

CHOICE_VARIABLE = "CETERIS_KERNELS"
SOURCES = ("moves.c", "convolution.c", "weights.c", "winograd.c", "updates.c")
PARTS = ("vectors.h", "pooling.inc", "products.inc", "winograd.inc")
_FOLDER = Path(__file__).parent
_COMMON = ("-O3", "-march=native", "-mtune=generic", "-fPIC", "-fno-math-errno", "-std=gnu11")
_CONTRACT = {"convolution.c": "fast", "weights.c": "fast", "winograd.c": "fast"}
"""Convolutions are chains of fused multiply-adds; elsewhere each operation rounds by itself. Tuned for
some processors, GCC would leave chains unfused, and results would depend on the processor."""
_SECONDS = 120

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


@dataclass(frozen=True)
class Built:
    """A compiled library, or why there is none."""

    path: Path | None
    reason: str = ""


class _Convolution(ctypes.Structure):
    """``Convolution`` of convolution.c."""

    _fields_ = [(name, ctypes.c_long) for name in CONVOLUTION_FIELDS]


class _Gradient(ctypes.Structure):
    """``Gradient`` of weights.c."""

    _fields_ = [(name, ctypes.c_long) for name in GRADIENT_FIELDS]


class _Winograd(ctypes.Structure):
    """``Winograd`` of winograd.c."""

    _fields_ = [(name, ctypes.c_long) for name in WINOGRAD_FIELDS]


class _State:
    chosen: Built | None = None


def use(built: Built) -> None:
    """Take this library from now on (in a worker: what the parent has built)."""
    _State.chosen = built
    library.cache_clear()
    lanes.cache_clear()
    winograd_block.cache_clear()


@cache
def library() -> ctypes.CDLL | None:
    """Return the loaded kernels, or None where PyTorch's own operators are used."""
    built = _State.chosen or build()
    if built.path is None:
        return None
    try:
        kernels = ctypes.CDLL(str(built.path))
    except OSError:
        return None
    for name, types in _SIGNATURES.items():
        function = getattr(kernels, name)
        function.argtypes = types
        function.restype = ctypes.c_int if name in _NUMBERS else None
    return kernels


def loaded() -> ctypes.CDLL:
    """Return the kernels where it is known that there are some.

    Raises:
        RuntimeError: there are none.
    """
    kernels = library()
    if kernels is None:
        raise RuntimeError("the kernels are not available")
    return kernels


@cache
def lanes() -> int:
    """Return how many floats a vector register holds; the kernels want filters in whole vectors."""
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
    """Return how many filters `winograd_forward` computes together."""
    return int(loaded().winograd_block())


def checked(function: Callable[..., int]) -> Callable[..., None]:
    """Return a kernel that raises where it had no memory."""

    def call(*arguments: object) -> None:
        if function(*arguments):
            raise MemoryError("a convolution needs more memory than there is")

    return call


@cache
def build() -> Built:
    """Compile the kernels unless the cache has them; never raises."""
    if os.environ.get(CHOICE_VARIABLE, "native") == "torch":
        return Built(None, f"{CHOICE_VARIABLE}=torch")
    if sys.byteorder != "little" or sys.platform == "win32":
        return Built(None, f"not supported on {sys.platform} ({sys.byteorder}-endian)")
    compiler = _compiler()
    if compiler is None:
        return Built(None, "no C compiler (cc, gcc or clang) is installed")
    name = f"kernels-{_digest(compiler)}.so"
    reason: str | None = ""
    for folder in _folders():
        target = folder / name
        if target.exists() or (reason := _compile(compiler, target)) is None:
            return Built(target)
    return Built(None, reason or "")


def build_into(folder: Path, *definitions: str) -> Built:
    """Compile the kernels into a folder with definitions of their macros.

    Tests build them so as for a processor with other vectors.

    Args:
        folder: exists.
        definitions: ``NAME=value``.
    """
    compiler = _compiler()
    if compiler is None:
        return Built(None, "no C compiler (cc, gcc or clang) is installed")
    target = folder / "kernels.so"
    reason = _compile(compiler, target, [f"-D{definition}" for definition in definitions])
    return Built(None, reason) if reason else Built(target)


def _compiler() -> str | None:
    named = os.environ.get("CC")
    candidates = ([named] if named else []) + ["cc", "gcc", "clang"]
    return next((found for name in candidates if (found := shutil.which(name))), None)


def _folders() -> list[Path]:
    """The user's cache, and a private temporary folder where that cannot be written."""
    cache_folder = Path(platformdirs.user_cache_dir("ceteris", appauthor=False)) / "kernels"
    try:
        cache_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return [_temporary()]
    return [cache_folder, _temporary()] if os.access(cache_folder, os.W_OK) else [_temporary()]


@cache
def _temporary() -> Path:
    import atexit

    folder = Path(tempfile.mkdtemp(prefix="ceteris-kernels-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _digest(compiler: str) -> str:
    """Name what decides the library: sources, flags, compiler and CPU."""
    digest = hashlib.sha256()
    for name in (*SOURCES, *PARTS):
        digest.update((_FOLDER / name).read_bytes())
    digest.update(repr((_COMMON, _CONTRACT, compiler, _version(compiler), _cpu())).encode())
    return digest.hexdigest()[:16]


def _version(compiler: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - a compiler that the user has installed
            [compiler, "--version"], capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def _cpu() -> str:
    """Return what ``-march=native`` depends on."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith(("flags", "Features")):
                return line
    return f"{platform.machine()} {platform.processor()}"


def _compile(compiler: str, target: Path, extra: Sequence[str] = ()) -> str | None:
    """Compile and link; the library appears whole or not at all. Return what went wrong."""
    try:
        with tempfile.TemporaryDirectory(prefix="build-", dir=target.parent) as folder:
            objects = []
            for name in SOURCES:
                made = str(Path(folder) / f"{name}.o")
                flags = [*_COMMON, *extra, f"-ffp-contract={_CONTRACT.get(name, 'off')}"]
                _call([compiler, *flags, "-c", str(_FOLDER / name), "-o", made])
                objects.append(made)
            partial = Path(folder) / target.name
            _call([compiler, "-shared", *objects, "-lm", "-o", str(partial)])
            partial.replace(target)
    except subprocess.CalledProcessError as error:
        lines = (error.stderr or "").strip().splitlines()
        return f"{compiler} failed: {lines[0] if lines else error.returncode}"
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{compiler} failed: {error}"
    return None


def _call(command: list[str]) -> None:
    subprocess.run(  # noqa: S603 - a compiler that the user has installed, our own sources
        command, capture_output=True, text=True, timeout=_SECONDS, check=True
    )
