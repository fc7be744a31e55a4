"""Compiling the C kernels: once per machine, then they are kept in the user's cache.

What the cache holds is loaded only if nobody but this user can have put it there
(`paribus.nn.native.trust`); else the kernels are compiled into a private folder that ends with the process.
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
"""Convolutions are chains of fused multiply-adds; elsewhere each operation rounds by itself. Tuned for
some processors, GCC would leave chains unfused, and results would depend on the processor."""
_SECONDS = 120


@dataclass(frozen=True)
class Built:
    """A compiled library, or why there is none."""

    path: Path | None
    reason: str = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """Why it was compiled anew or cannot be used, in words for the screen; often nothing."""
        return (f"C kernels: {self.reason}",) if self.reason else ()


def build(unusable: Callable[[Path], str | None]) -> Built:
    """Return kernels from the cache, or compile them; never raises.

    Args:
        unusable: tries to load a library; says why it cannot be used.
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
    """See to it that a library is there and can be used; return what went wrong."""
    if distrust_of_file(target) is None and unusable(target) is None:
        return None
    with _alone(target.parent):
        if distrust_of_file(target) is None and unusable(target) is None:  # another one was faster
            return None
        return _compile(compiler, target) or distrust_of_file(target) or unusable(target)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one process compile at a time; whoever waits too long compiles, too."""
    lock = FileLock(folder / ".lock", timeout=_SECONDS, mode=0o600)
    with contextlib.suppress(Timeout, NotImplementedError):
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


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


def _cache_folder() -> Path:
    """Return the folder in the user's cache, made if needed.

    Raises:
        OSError: there is none, and none can be made.
    """
    home = Path(platformdirs.user_cache_dir("paribus", appauthor=False))
    if not home.is_absolute():  # a user without a home
        raise FileNotFoundError(0, "no cache folder", str(home))
    folder = home / "kernels"
    home.parent.mkdir(parents=True, exist_ok=True)
    for path in (home, folder):
        path.mkdir(exist_ok=True, mode=0o700)
    return folder


@cache
def _private_folder() -> Path:
    """Return a folder for this process alone.

    Raises:
        OSError: none can be made.
    """
    import atexit

    folder = Path(tempfile.mkdtemp(prefix="paribus-kernels-")).resolve()
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
