"""Networks are tried in processes of their own kind, so that a crash is one network's disagreement."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["Found", "run_networks"]

_CHUNK = 50
"""Networks a process tries before the next one starts, so that none grows."""


@dataclass
class Found:
    """What came out of one network."""

    index: int
    differences: list[str] = field(default_factory=list)
    steps: int = 0
    told: int = 0
    undecided: int = 0
    closest: float = 0.0
    shrunk: dict[str, Any] | None = None


def run_networks(
    seed: int,
    indices: Iterable[int],
    seen: Callable[[Found], None],
    *,
    jobs: int = 2,
    command: Sequence[str] = (sys.executable, "-m", "benchmarks.fuzz.workers"),
) -> None:
    """Try networks in worker processes.

    Args:
        seed: of the draws.
        indices: of the networks.
        seen: called with every network's outcome, one at a time.
        jobs: processes at a time.
        command: starts a worker; seed and indices follow.
    """
    wanted = list(indices)
    size = max(1, min(_CHUNK, -(-len(wanted) // jobs)))
    chunks = [wanted[start : start + size] for start in range(0, len(wanted), size)]
    lock = threading.Lock()

    def locked(found: Found) -> None:
        with lock:
            seen(found)

    with ThreadPoolExecutor(jobs) as pool:
        for done in [pool.submit(_chunk, seed, chunk, locked, command) for chunk in chunks]:
            done.result()


def _chunk(
    seed: int, indices: Sequence[int], seen: Callable[[Found], None], command: Sequence[str]
) -> None:
    """Try some networks; where the process dies, go on behind the network that it was at."""
    left = list(indices)
    pending: Found | None = None
    while left:
        process = subprocess.Popen(
            [*command, str(seed), *map(str, left)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        with process:
            for line in process.stdout:
                found = Found(**json.loads(line))
                if found.differences and found.shrunk is None:
                    pending = found
                    continue
                pending = None
                left.remove(found.index)
                seen(found)
        if left:
            cause = f"the process died of {_cause(process.returncode)}"
            seen(pending or Found(left[0], [cause]))
            left, pending = left[1:], None


def _cause(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def _work(seed: int, indices: Sequence[int]) -> None:
    """Judge networks and print a line for each."""
    import torch

    from benchmarks.fuzz.drawing.cases import drawn_case
    from benchmarks.fuzz.judge import judged
    from benchmarks.fuzz.shrink import shrunk

    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    for index in indices:
        case = drawn_case(seed, index)
        found = Found(index, **judged(case).settings())
        if found.differences:
            print(json.dumps(asdict(found)), flush=True)  # should a smaller network crash
            small = shrunk(case, lambda smaller: bool(judged(smaller).differences))
            found.shrunk = small.settings()
        print(json.dumps(asdict(found)), flush=True)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    _work(int(sys.argv[1]), [int(item) for item in sys.argv[2:]])
