"""What a study of a thousand and of ten thousand trials costs the parent process: time and memory.

    make large

Trials are made up and written through the store, as a run does, on a disk in memory where there is one, so that
the program is measured and not the disk. Each size is a process of its own. Writes results/large.json, and
ends with code 1 if ten times the trials cost more than `MOST_GROWTH` times as much.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

import paribus
from benchmarks.measuring.machine import describe_self
from paribus.judge.summary import summarise
from paribus.records import EpochRecord, Trial, TrialOutcome
from paribus.store.store import open_store
from paribus.study.identity import plan_trials

ROOT = Path(__file__).parent
SEEDS, EPOCHS = 100, 10
SIZES = (1_000, 10_000)
MOST_GROWTH = 15.0
"""Ten times the trials may cost so many times as much; linear is 10."""
SHORT = 0.05
STEPS = {
    "plan": "expanding the plan",
    "add": "adding all trials to the store",
    "write": "writing all epochs and results, one transaction each (disk in memory)",
    "read": "reading everything: what `results` and `report` begin with",
    "read_without_epochs": "reading trials without epochs: what a run that goes on begins with",
    "judge": "judging: claims, effects, checks",
    "json": "writing the results as JSON",
}
Found = TypeVar("Found")


def study(variants: int) -> dict[str, Any]:
    """Return a study of one factor with so many levels, and nine claims."""
    rates = {
        f"l{k}": {"set": {"train.optimizer.SGD.learning_rate": 0.1 + 0.001 * k}} if k else {}
        for k in range(variants)
    }
    return {
        "study": "large",
        "data": {"source": "digits", "split": {"train": 0.5, "validation": 0.25, "test": 0.25}},
        "model": {"layers": ["Flatten", {"Dense": {"units": 10, "activation": "softmax"}}]},
        "train": {"optimizer": {"SGD": {"learning_rate": 0.1}}, "epochs": EPOCHS, "batch_size": 32},
        "seeds": SEEDS,
        "factors": {"rate": rates},
        "claims": [{"id": f"c{k}", "says": f"l{k} > l0 on val_accuracy"} for k in range(1, 10)],
    }


def measure(trials: int) -> dict[str, Any]:
    """Return the seconds of every step of a study, and the peak memory of this process."""
    seconds: dict[str, float] = {}

    def timed(step: str, do: Callable[[], Found]) -> Found:
        start = time.perf_counter()
        found = do()
        seconds[step] = round(time.perf_counter() - start, 3)
        return found

    loaded = paribus.from_mapping(study(trials // SEEDS))
    plan = timed("plan", lambda: loaded.plan(jobs=2)).plan
    made = plan_trials(plan, {v.name: "made up" for v in plan.variants}, lambda _: 1)
    memory = Path("/dev/shm")
    with (
        tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder,
        open_store(Path(folder) / "large.db") as store,
    ):
        timed("add", lambda: store.add_trials(made))
        timed("write", lambda: _write(store, made))
        found = timed("read", store.trials)
        timed("read_without_epochs", lambda: store.trials(curves=False))
    results = timed("judge", lambda: summarise(plan, found))
    timed("json", lambda: json.dumps(results.to_json()))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"trials": len(found), "seconds": seconds, "peak_bytes": peak}


def _write(store: Any, trials: Sequence[Trial]) -> None:
    draws = np.random.default_rng(0)
    for trial in trials:
        store.begin_attempt(trial.identity, {})
        metrics = dict.fromkeys(("loss", "val_loss", "accuracy"), 0.8)
        metrics["val_accuracy"] = float(draws.normal(0.8, 0.01))
        for epoch in range(1, EPOCHS + 1):
            store.record_epoch(trial.identity, EpochRecord(epoch, metrics, 0.1, 900.0, 0.1))
        store.finish(trial.identity, TrialOutcome("done", EPOCHS, 1.0, metrics))


def growth(sizes: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Return step -> how many times as long the largest study takes as the smallest.

    What takes less than `SHORT` seconds counts as `SHORT`: it is noise.
    """
    small, large = sizes[0]["seconds"], sizes[-1]["seconds"]
    return {step: round(max(large[step], SHORT) / max(small[step], SHORT), 1) for step in STEPS}


def markdown(result: Mapping[str, Any]) -> str:
    """Return the committed figures as a table."""
    sizes = result["sizes"]
    lines = [
        f"Measured {result['date']} on {result['machine']['processor']}: `{result['command']}`.",
        "",
        "| | " + " | ".join(f"{item['trials']:,} trials" for item in sizes) + " | times |",
        "|---|" + "--:|" * (len(sizes) + 1),
    ]
    for step, label in STEPS.items():
        cells = [f"{item['seconds'][step]:.2f} s" for item in sizes]
        lines.append(f"| {label} | {' | '.join(cells)} | {result['growth'][step]:g} |")
    memory = [f"{item['peak_bytes'] / 1e6:.0f} MB" for item in sizes]
    lines.append(f"| peak memory of the process | {' | '.join(memory)} | |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure every size in a process of its own, print and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large", description=__doc__)
    parser.add_argument("--one", type=int, help="measure this number of trials here, print JSON")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "large.json")
    options = parser.parse_args(arguments)
    if options.one:
        print(json.dumps(measure(options.one)))
        return 0
    sizes = []
    for size in SIZES:
        command = [sys.executable, "-m", "benchmarks.large", "--one", str(size)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        sizes.append(json.loads(done.stdout))
        print(f"{size:,} trials: {sizes[-1]['peak_bytes'] / 1e6:.0f} MB; {sizes[-1]['seconds']}")
    grown = growth(sizes)
    kept = all(value <= MOST_GROWTH for value in grown.values())
    print(
        f"ten times the trials take so many times as long: {grown}: {'kept' if kept else 'BROKEN'}"
    )
    result = {
        "date": datetime.now(UTC).date().isoformat(),
        "command": "python -m benchmarks.large",
        "machine": describe_self(),
        "epochs": EPOCHS,
        "sizes": sizes,
        "growth": grown,
        "kept": kept,
    }
    options.out.write_text(json.dumps(result, indent=1) + "\n")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
