"""A speed run on CIFAR-10: examples/cifar10-speedrun.yaml on a GPU, several seeds.

    python -m benchmarks.record

Needs CUDA. Prints the seconds of training per seed (a group of them shares its time), wall seconds
of everything, and the accuracy on the official test set; writes results/record.json. The public
record to hold it against is named in docs/benchmarks.md; run that script on the same card.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean, stdev

import torch

import paribus
from benchmarks.measuring.machine import describe_self
from paribus.api.run.running import RunOptions

ROOT = Path(__file__).parent
STUDY = ROOT.parent / "examples" / "cifar10-speedrun.yaml"


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.record", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--group-size", type=int, default=1)
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "record.json")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        raise SystemExit("benchmarks.record: needs a GPU that torch can use; torch sees none")
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="paribus-bench-") as folder:
        chosen = RunOptions(device="cuda", seeds=options.seeds, group_size=options.group_size)
        results = paribus.load(STUDY).run(Path(folder) / "out", options=chosen)
        trials = results.summary.trials
    accuracies = [trial.metrics["val_accuracy"] for trial in trials]
    training = [
        sum(trial.observed.train_examples / item.samples_per_second for item in trial.curves)
        for trial in trials
    ]
    result = {
        "date": datetime.now(UTC).date().isoformat(),
        "command": " ".join(["python -m benchmarks.record", *sys.argv[1:]]),
        "machine": {**describe_self(), "gpu": torch.cuda.get_device_name()},
        "wall_seconds": time.perf_counter() - start,
        "training_seconds": training,
        "accuracy": accuracies,
    }
    spread = stdev(accuracies) if len(accuracies) > 1 else float("nan")
    print(
        f"{mean(training):.2f} s of training per seed; accuracy {mean(accuracies):.2%} "
        f"(sd {spread:.2%}, n = {len(accuracies)}); {result['wall_seconds']:.1f} s in all"
    )
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
