"""Forked against spawned workers, interleaved: how soon they begin, how fast they train, what the server holds.

`python -m benchmarks.workers [--rounds N]`; Linux alone has both ways.
"""

from __future__ import annotations

import argparse
import copy
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from paribus.api import RunOptions
from paribus.api.run.running import run_study
from paribus.execute.workers import starting
from paribus.study.load import study_from_mapping

STUDY: dict[str, Any] = {
    "study": "workers",
    "data": {"source": "mnist", "preprocess": ["scale"], "train_size": 4000},
    "model": {
        "layers": [
            {"Conv2D": {"filters": 32, "kernel_size": 3, "activation": "relu"}},
            "MaxPooling2D",
            {"Conv2D": {"filters": 32, "kernel_size": 3, "activation": "relu"}},
            "MaxPooling2D",
            "Flatten",
            {"Dense": {"units": 64, "activation": "relu"}},
            {"Dense": {"units": 10, "activation": "softmax"}},
        ]
    },
    "train": {"optimizer": {"Adam": {"learning_rate": 0.001}}, "epochs": 6, "batch_size": 64},
    "seeds": 1,
    "select": {"test": "never"},
}
WAYS = ("forked", "spawned")


def measured(way: str) -> tuple[float, list[float]]:
    """Return the seconds of a run, and the examples a second of every epoch but the first."""
    can_fork = starting._can_fork
    try:
        if way == "spawned":
            starting._can_fork = lambda: False
        begun = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            study = study_from_mapping(copy.deepcopy(STUDY))
            results = run_study(study, Path(folder), RunOptions(jobs=1))
        seconds = time.perf_counter() - begun
    finally:
        starting._can_fork = can_fork
    (trial,) = results.summary.trials
    return seconds, [record.samples_per_second for record in trial.curves[1:]]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.workers", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    seconds: dict[str, list[float]] = {way: [] for way in WAYS}
    speeds: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(rounds):
        for way in WAYS:
            took, found = measured(way)
            seconds[way].append(took)
            speeds[way] += found
    for way in WAYS:
        low, middle, high = np.percentile(speeds[way], [25, 50, 75])
        run = np.median(seconds[way][1:] or seconds[way])
        print(
            f"{way}: a run after the first takes {run:.1f} s; "
            f"{middle:,.0f} examples a second [{low:,.0f}, {high:,.0f}], {len(speeds[way])} epochs"
        )
    if starting.SERVER.pid is not None:
        held = psutil.Process(starting.SERVER.pid).memory_full_info()
        print(f"the fork server holds {held.uss / 1e6:.0f} MB of its own")


if __name__ == "__main__":
    main()
