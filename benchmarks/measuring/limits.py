"""What the machine can do: matrix products and copies, in the same run as everything else.

Run as a script in a process of its own with one thread; prints JSON.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from statistics import median

SIDE = 1536
ROUNDS = 5


def main() -> None:
    """Print rates of one process and of as many as there are cores."""
    import os

    cores = len(os.sched_getaffinity(0))
    alone = rates()
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        together = list(pool.map(_rates, range(cores)))
    total = {key: sum(item[key] for item in together) for key in alone}
    print(json.dumps({"cores": cores, "one_process": alone, "all_cores": total}))


def _rates(_: int) -> dict[str, float]:
    return rates()


def rates() -> dict[str, float]:
    """Return the best rate of each product (FLOP/s) and of a copy (bytes/s), on one thread."""
    import torch

    torch.set_num_threads(1)
    a, b = torch.rand(SIDE, SIDE), torch.rand(SIDE, SIDE)
    narrow_a, narrow_b = a.bfloat16(), b.bfloat16()
    big = torch.rand(16_000_000)
    target = torch.empty_like(big)
    products: dict[str, list[Callable[[], object]]] = {
        "fp32": [lambda: torch.mm(a, b)],
        "bf16": [lambda: torch.mm(narrow_a, narrow_b)],
    }
    if hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        onednn = torch.ops.mkldnn._linear_pointwise
        products["fp32"].append(lambda: onednn(a, b, None, "none", [], ""))
    work = 2 * SIDE**3
    result = {name: max(work / _seconds(way) for way in ways) for name, ways in products.items()}
    return {**result, "copy": 8 * big.numel() / _seconds(lambda: target.copy_(big))}


def _seconds(function: Callable[[], object]) -> float:
    function()
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return median(times)


if __name__ == "__main__":
    main()
