"""How much faster is a group on a GPU? Seeds per second against one trial after another.

    python -m benchmarks.gpu

Needs CUDA. Lab A's first network on Fashion-MNIST: 1 and 10 seeds, then 40 trials, as groups with
every way of convolving, and one after another by the same engine. Writes results/gpu.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, get_args

import torch

import paribus
from benchmarks.measuring.machine import describe_self
from paribus.data.load import load_dataset
from paribus.data.prepare import PreparedData, prepare
from paribus.data.spec import DataSpec
from paribus.engine.group import run_group
from paribus.engine.run import run_trial
from paribus.nn.stacked.network import ConvolutionWay
from paribus.records import Trial
from paribus.study.identity import plan_trials

ROOT = Path(__file__).parent
GROUP = 40


def trials_of(seeds: int, epochs: int, precision: str) -> tuple[list[Trial], PreparedData]:
    """Return trials of lab A's plain network and their data."""
    study = paribus.load(ROOT / "studies" / "lab-a.yaml")
    overrides = [f"train.epochs={epochs}", f"train.precision={precision}"]
    plan = study.plan(seeds=seeds, overrides=overrides, only=["one/none"]).plan
    spec = DataSpec.parse(plan.variants[0].data)
    data = prepare(load_dataset(spec), spec, seed=0)
    return list(plan_trials(plan, {"one/none": "fashion-mnist"}, lambda _: 1)), data


def seconds(work: Callable[[], object], rounds: int) -> float:
    """Return the median time of a piece of work, the device synchronised."""
    times = []
    for _ in range(rounds):
        torch.cuda.synchronize()
        start = time.perf_counter()
        work()
        torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return median(times)


def one_by_one(trials: Sequence[Trial], data: PreparedData) -> None:
    """Train trials one after another."""
    for trial in trials:
        run_trial(trial, data, emit=lambda _: None, device="cuda")


def grouped(trials: Sequence[Trial], data: PreparedData, size: int, way: ConvolutionWay) -> None:
    """Train trials in groups of a size."""
    for start in range(0, len(trials), size):
        run_group(
            trials[start : start + size],
            data,
            group_size=size,
            emit=lambda *_: None,
            device="cuda",
            way=way,
        )


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "gpu.json")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        raise SystemExit("benchmarks.gpu: needs a GPU that torch can use; torch sees none")
    rows: list[dict[str, Any]] = []
    for precision in ("fp32", "bf16"):
        trials, data = trials_of(GROUP, options.epochs, precision)
        one_by_one(trials[:1], data)  # kernels are loaded
        ways: dict[str, Callable[[], object]] = {
            "1 trial, alone": lambda t=trials, d=data: one_by_one(t[:1], d),  # type: ignore[misc]
            "10 trials, one by one": lambda t=trials, d=data: one_by_one(t[:10], d),  # type: ignore[misc]
        }
        for way in get_args(ConvolutionWay):
            for count in (1, 10, GROUP):
                ways[f"{count} trials, one group, {way}"] = (
                    lambda t=trials, d=data, c=count, w=way: grouped(t[:c], d, c, w)  # type: ignore[misc]
                )
        for name, work in ways.items():
            rows.append(
                {"precision": precision, "way": name, "seconds": seconds(work, options.rounds)}
            )
            print(f"{precision}, {name}: {rows[-1]['seconds']:.2f} s", flush=True)
    result = {
        "date": datetime.now(UTC).date().isoformat(),
        "command": " ".join(["python -m benchmarks.gpu", *sys.argv[1:]]),
        "machine": {**describe_self(), "gpu": torch.cuda.get_device_name()},
        "epochs": options.epochs,
        "rows": rows,
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
