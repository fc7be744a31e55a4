"""What ran: processor, kernel, versions."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

OWN = ("paribus", "torch", "numpy")
PEERS = ("keras", "tensorflow-cpu", "torch", "lightning", "numpy")
INSTRUCTIONS = ("avx2", "avx512f", "avx512_bf16", "avx512_vnni", "amx_tile", "amx_bf16")


def describe_machine(peers_python: str) -> dict[str, Any]:
    """Return the machine and the versions on both sides."""
    return {**describe_self(), "peers": _peer_versions(peers_python)}


def describe_self() -> dict[str, Any]:
    """Return the machine and our versions."""
    flags = _cpu_line("flags").split()
    return {
        "processor": _cpu_line("model name"),
        "cores": len(os.sched_getaffinity(0)),
        "instructions": [name for name in INSTRUCTIONS if name in flags],
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in OWN},
    }


def _cpu_line(key: str) -> str:
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return platform.processor()
    for line in path.read_text().splitlines():
        if line.startswith(key):
            return line.split(":", 1)[1].strip()
    return ""


def _peer_versions(python: str) -> dict[str, str]:
    code = (
        "import json; from importlib.metadata import version\n"
        f"print(json.dumps({{n: version(n) for n in {PEERS!r}}}))"
    )
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    result: dict[str, str] = json.loads(done.stdout)
    return result
