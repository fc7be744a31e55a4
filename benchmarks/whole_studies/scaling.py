"""What a study costs as it grows: seeds, variants, workers, and trials that train nothing."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from benchmarks.measuring.processes import run
from benchmarks.measuring.ratios import line
from benchmarks.whole_studies.arms import PARIBUS_COMMAND
from benchmarks.whole_studies.workloads import STUDIES

SEEDS = (1, 2, 5, 10, 20)
VARIANTS = ("one/none", "one/dropout", "one/batch_norm", "two/none")
SHARES = {"quick": (0.02, 0.01), "normal": (0.14, 0.03), "full": (0.70, 0.15)}


def measure_scaling(size: str) -> dict[str, Any]:
    """Time lab A's first network with paribus for growing numbers of seeds, variants and workers.

    Args:
        size: ``quick``, ``normal`` or ``full``.
    """
    train, held_out = SHARES[size]
    share = _split(train, held_out)
    by_seeds = [_measure(share, seeds=count, only=VARIANTS[:1]) for count in SEEDS]
    by_variants = [
        _measure(share, seeds=2, only=VARIANTS[:count]) for count in range(1, len(VARIANTS) + 1)
    ]
    by_jobs = [_measure(share, seeds=4, only=VARIANTS[:1], jobs=jobs) for jobs in (1, 2, 4)]
    tiny = _split(0.002, 0.001)
    empty = [_measure(tiny, seeds=count, only=VARIANTS[:1], epochs=1) for count in (2, 20, 60)]
    start, slope = line(
        [item["trials"] for item in by_seeds], [item["seconds"] for item in by_seeds]
    )
    none, each = line([item["trials"] for item in empty], [item["seconds"] for item in empty])
    return {
        "seeds": by_seeds,
        "variants": by_variants,
        "jobs": by_jobs,
        "empty": empty,
        "fit_seconds": {"start_up": start, "per_trial": slope},
        "overhead_seconds": {"start_up": none, "per_trial": each},
    }


def _split(train: float, held_out: float) -> str:
    test = round(1 - train - held_out, 6)
    return (
        f"data.split={{use: train, train: {train}, validation: {held_out}, test: {test}, seed: 1}}"
    )


def _measure(
    split: str, *, seeds: int, only: tuple[str, ...], jobs: int = 2, epochs: int = 2
) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="paribus-bench-") as folder:
        command = [PARIBUS_COMMAND, "run", str(STUDIES / "lab-a.yaml")]
        command += ["--out", f"{folder}/out", "--seeds", str(seeds), "--jobs", str(jobs)]
        command += ["--set", split, "--set", f"train.epochs={epochs}"]
        for name in only:
            command += ["--only", name]
        measured = run([command], {}, Path(folder) / "log.txt")
    trials = seeds * len(only)
    print(f"{trials} trials, {jobs} workers: {measured.seconds:.1f} s", flush=True)
    return {
        "seeds": seeds,
        "variants": len(only),
        "trials": trials,
        "jobs": jobs,
        "seconds": measured.seconds,
        "peak_bytes": measured.peak_bytes,
    }
