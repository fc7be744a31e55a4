"""Examination of this machine: its abilities, its problems, and the cost of each problem."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import platformdirs

from paribus.api.report.printing import installed_browser
from paribus.data.sources import named_sources
from paribus.errors import MissingExtraError, ParibusError
from paribus.execute.jobs import available_cores
from paribus.execute.room import UNKNOWN, machine_memory
from paribus.execute.workers.describing import described_worker
from paribus.nn.native.building import CHOICE_VARIABLE
from paribus.nn.native.library import Built, build
from paribus.version import __version__

__all__ = ["Fact", "State", "examine"]

State = Literal["good", "note", "wrong"]
EXTRAS = {"serve": ("starlette", "uvicorn"), "postgres": ("psycopg",)}
"""Name of an extra of the package -> modules that it installs."""
SMALL_DISK = 1 << 30
SMALL_MEMORY = 2 << 30
SLOWER = "training is slower without them, and has other bits"


@dataclass(frozen=True)
class Fact:
    """Result of one part of the examination."""

    area: str
    """``machine``, ``python``, ``worker``, ``data`` or ``extras``."""
    name: str
    found: str
    state: State = "good"
    """``wrong``: something does not work, or not as fast as it could; ``note``: something is missing that
    only some need."""
    cost: str = ""
    """Disadvantage of the present state; empty if there is none."""
    fix: str = ""
    """Advice; empty if there is nothing to do."""


def examine() -> tuple[Fact, ...]:
    """Examine this machine and start a worker as a run does; problems are returned and never raised."""
    return (*_machine(), *_python(), *_worker(), *_data(), *_extras())


def _machine() -> Iterator[Fact]:
    system = f"{platform.system()} {platform.release()}, {platform.machine()}"
    yield Fact("machine", "system", system)
    yield Fact("machine", "processor", _processor())
    cores, all_cores = available_cores(), os.cpu_count() or 1
    shown = f"{cores}" if cores == all_cores else f"{cores} of {all_cores} may be used"
    yield Fact("machine", "cores", f"{shown}: as many workers train at the same time")
    memory = machine_memory()
    if memory < UNKNOWN:
        yield _room("memory", memory, SMALL_MEMORY, "large networks and data sets are refused", "")
    for name, folder in (
        ("disk, this folder", Path.cwd()),
        ("disk, temporary", Path(tempfile.gettempdir())),
    ):
        try:
            free = shutil.disk_usage(folder).free
        except OSError as error:
            yield Fact(
                "machine",
                name,
                error.strerror or str(error),
                "wrong",
                "nothing can be written",
                "Choose another folder.",
            )
            continue
        yield _room(name, free, SMALL_DISK, "a run stops when it is full", "Free some space.")


def _room(name: str, free: int, least: int, cost: str, fix: str) -> Fact:
    found = f"{free / 2**30:.1f} GiB"
    return (
        Fact("machine", name, found)
        if free >= least
        else Fact("machine", name, found, "wrong", cost, fix)
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"


def _python() -> Iterator[Fact]:
    yield Fact("python", "paribus", f"{__version__}, Python {platform.python_version()}")
    found = []
    for line in requires("paribus") or ():
        if "extra ==" in line:
            continue
        name = line.split(";")[0].split(">")[0].split("<")[0].split("=")[0].split("[")[0].strip()
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            fix = f"pip install {name!r}"
            yield Fact("python", name, "not installed", "wrong", "commands that need it fail", fix)
    yield Fact("python", "packages", ", ".join(sorted(found, key=str.lower)) or "unknown")


def _worker() -> Iterator[Fact]:
    kernels = build()
    yield _kernels(kernels)
    try:
        said = described_worker(kernels)
    except (ParibusError, OSError) as error:
        cost = "no study can be run"
        fix = "Run: python -c 'import torch', and see what it says."
        yield Fact("worker", "start", f"a worker cannot work: {error}", "wrong", cost, fix)
        return
    yield Fact("worker", "torch", f"{said['torch']}, instructions {said['instructions']}")
    yield from _settings(said)
    gpu = said["gpu"]
    yield Fact("worker", "GPU", gpu or "none that torch can use: training is on the processor")


def _kernels(kernels: Built) -> Fact:
    if kernels.path is not None:
        found = f"compiled, {kernels.path.parent}"
        if not kernels.reason:
            return Fact("worker", "C kernels", found)
        cost = "they are compiled anew in every program"
        return Fact(
            "worker",
            "C kernels",
            f"{found} ({kernels.reason})",
            "wrong",
            cost,
            "Repair the cache folder that is named.",
        )
    if CHOICE_VARIABLE in kernels.reason:
        return Fact(
            "worker",
            "C kernels",
            f"off ({kernels.reason})",
            "note",
            SLOWER,
            f"Unset {CHOICE_VARIABLE}.",
        )
    fix = "Install a C compiler (Debian: apt install gcc)." if "compiler" in kernels.reason else ""
    return Fact("worker", "C kernels", f"none: {kernels.reason}", "wrong", SLOWER, fix)


def _settings(said: Mapping[str, Any]) -> Iterator[Fact]:
    if said["threads"] != 1:
        cost = "workers wait for each other, and bits may differ"
        yield Fact(
            "worker",
            "threads",
            str(said["threads"]),
            "wrong",
            cost,
            "Unset OMP_NUM_THREADS and its like.",
        )
    if said["memory_kept"] is False:
        cost = "every step asks the system for memory anew, which is slow for small networks"
        yield Fact("worker", "memory", "freed at once by the C library's allocator", "note", cost)
    if said["bf16_emulated"]:
        cost = "`precision: bf16` is slower than fp32"
        yield Fact(
            "worker", "bf16", "emulated: this processor has no instructions for it", "note", cost
        )


def _data() -> Iterator[Fact]:
    folders = [item for item in os.environ.get("PARIBUS_DATA", "").split(os.pathsep) if item]
    for folder in folders:
        if not Path(folder).is_dir():
            cost = "data sets in it are not found"
            yield Fact(
                "data",
                "PARIBUS_DATA",
                f"{folder} is no folder",
                "wrong",
                cost,
                "Correct the variable.",
            )
    for name, source in named_sources().items():
        if source.is_here():
            yield Fact("data", name, "on this machine")
        else:
            yield Fact("data", name, "not here: it is downloaded when it is used", "note")


def _extras() -> Iterator[Fact]:
    needs = {"serve": "`run --serve` and `serve`", "postgres": "`--store postgresql://...`"}
    for extra, modules in EXTRAS.items():
        missing = [name for name in modules if find_spec(name) is None]
        if missing:
            fix = f"pip install 'paribus[{extra}]'"
            yield Fact("extras", extra, f"not installed, needed by {needs[extra]}", "note", "", fix)
        else:
            yield Fact("extras", extra, ", ".join(f"{name} {version(name)}" for name in modules))
    try:
        yield Fact("extras", "browser", installed_browser())
    except MissingExtraError:
        fix = "Install Chromium, Chrome or Edge."
        yield Fact("extras", "browser", "none, needed by `report --format pdf`", "note", "", fix)
    cache = platformdirs.user_cache_dir("paribus", appauthor=False)
    yield Fact("extras", "cache", f"{cache}: downloads and compiled kernels")
