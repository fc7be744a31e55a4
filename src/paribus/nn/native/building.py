"""Compilation of the C kernels, once per machine; the library is kept in the user's cache.

A library in the cache is loaded only if no other user can have written it (`paribus.nn.native.trust`); else the
kernels are compiled into a private folder that is deleted when the process ends.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from paribus.failpoints import reach
from paribus.nn.native.trust import distrust_of_file, distrust_of_folder, write_seal

__all__ = ["CHOICE_VARIABLE", "Built", "build", "build_into"]

CHOICE_VARIABLE = "PARIBUS_KERNELS"
SOURCES = ("moves.c", "convolution.c", "weights.c", "winograd.c", "updates.c")
PARTS = ("vectors.h", "pooling.inc", "products.inc", "winograd.inc")
_FOLDER = Path(__file__).parent
_COMMON = ("-O3", "-march=native", "-mtune=generic", "-fPIC", "-fno-math-errno", "-std=gnu11")
_CONTRACT = {"convolution.c": "fast", "weights.c": "fast", "winograd.c": "fast"}
"""File -> value of ``-ffp-contract``. Convolutions use fused multiply-adds; in other files each operation
rounds separately. ``-mtune=generic``, since for some processors GCC does not fuse all of them."""
_SECONDS = 120


@dataclass(frozen=True)
class Built:
    """A compiled library, or the reason why there is none."""

    path: Path | None
    reason: str = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks for the user if the library was recompiled or cannot be used; empty otherwise."""
        return (f"C kernels: {self.reason}",) if self.reason else ()


def build(unusable: Callable[[Path], str | None]) -> Built:
    """Return kernels from the cache, or compile them; never raises.

    Args:
        unusable: function that tries to load a library; returns why it cannot be used, or None.
    """
    if os.environ.get(CHOICE_VARIABLE, "native") == "torch":
        return Built(None, f"{CHOICE_VARIABLE}=torch")
    if sys.byteorder != "little" or sys.platform == "win32":
        return Built(None, f"not supported on {sys.platform} ({sys.byteorder}-endian)")
    compiler = _compiler()
    if compiler is None:
        return Built(None, "no C compiler (cc, gcc or clang) is installed")
    name = f"kernels-{_digest(compiler)}.so"
    reasons: list[str] = []
    for folder_of in (_cache_folder, _private_folder):
        try:
            folder = folder_of()
            reason = distrust_of_folder(folder) or _made(compiler, folder / name, unusable)
        except OSError as error:
            reason = f"{error.filename}: {error.strerror or error}"
        if reason is None:
            return Built(folder / name, "; ".join(reasons))
        reasons.append(reason)
    return Built(None, "; ".join(reasons))


def _made(compiler: str, target: Path, unusable: Callable[[Path], str | None]) -> str | None:
    """Compile a library unless it exists and can be used; return an error text, or None."""
    if distrust_of_file(target) is None and unusable(target) is None:
        return None
    with _alone(target.parent):
        # Another process may have compiled it during the wait.
        if distrust_of_file(target) is None and unusable(target) is None:
            return None
        return _compile(compiler, target) or distrust_of_file(target) or unusable(target)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one process compile at a time; after `_SECONDS` of waiting, compile all the same."""
    lock = FileLock(folder / ".lock", timeout=_SECONDS, mode=0o600)
    with contextlib.suppress(Timeout, NotImplementedError):
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def build_into(folder: Path, *definitions: str) -> Built:
    """Compile the kernels into a folder, with given values of their macros.

    Tests use it to compile kernels for processors with another vector size.

    Args:
        folder: an existing folder.
        definitions: macros, each as ``NAME=value``.
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


def _cache_folder() -> Path:
    """Return the folder in the user's cache; create it if necessary.

    Raises:
        OSError: the folder cannot be created.
    """
    home = Path(platformdirs.user_cache_dir("paribus", appauthor=False))
    if not home.is_absolute():  # the user has no home folder
        raise FileNotFoundError(0, "no cache folder", str(home))
    folder = home / "kernels"
    home.parent.mkdir(parents=True, exist_ok=True)
    for path in (home, folder):
        path.mkdir(exist_ok=True, mode=0o700)
    return folder


@cache
def _private_folder() -> Path:
    """Return a temporary folder that is deleted when the process ends.

    Raises:
        OSError: the folder cannot be created.
    """
    import atexit

    folder = Path(tempfile.mkdtemp(prefix="paribus-kernels-")).resolve()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _digest(compiler: str) -> str:
    """Return a digest of all that determines the library: sources, flags, compiler and processor."""
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
    """Return the processor's features, on which ``-march=native`` depends."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith(("flags", "Features")):
                return line
    return f"{platform.machine()} {platform.processor()}"


def _compile(compiler: str, target: Path, extra: Sequence[str] = ()) -> str | None:
    """Compile and link, and move the library into place at once; return an error text, or None."""
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
            partial.chmod(0o700)
            write_seal(partial, target)
            reach("kernels.rename")
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
