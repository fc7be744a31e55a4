"""How much do paired differences spread over seeds? It decides how many seeds a study needs.

    make spread

Runs four studies of the labs' networks with 20 seeds and writes results/spread.json: for every
variant the standard deviation of its accuracy and of its paired difference from the baseline.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import stdev
from typing import Any

import paribus
from benchmarks.measuring.machine import describe_self
from paribus.api.results.record import Results
from paribus.api.run.running import RunOptions

ROOT = Path(__file__).parent
STUDIES = (
    "benchmarks/studies/lab-a.yaml",
    "studies/lab-a-regularisation.yaml",
    "benchmarks/studies/spread-mnist.yaml",
    "benchmarks/studies/spread-cifar10.yaml",
)
METRIC = "val_accuracy"


def spreads(results: Results) -> Iterator[dict[str, Any]]:
    """Yield one row per variant that is not the baseline."""
    plan = results.manifest.plan
    values = {
        (trial.variant, trial.seed): trial.metrics[METRIC]
        for trial in results.summary.trials
        if trial.fit_on == "train" and trial.status == "done"
    }
    for variant in plan.variants:
        if variant.name == plan.baseline:
            continue
        pairs = [
            (values[variant.name, seed], values[plan.baseline, seed])
            for seed in plan.seeds
            if {(variant.name, seed), (plan.baseline, seed)} <= set(values)
        ]
        differences = [own - base for own, base in pairs]
        yield {
            "variant": variant.name,
            "baseline": plan.baseline,
            "n": len(pairs),
            "std": stdev(own for own, _ in pairs),
            "baseline_std": stdev(base for _, base in pairs),
            "paired_std": stdev(differences),
            "differences": differences,
        }


def measure(study: str, seeds: int, folder: Path) -> dict[str, Any]:
    """Run one study and return its rows."""
    options = RunOptions(seeds=seeds)
    results = paribus.load(ROOT.parent / study).run(folder, options=options)
    first = results.summary.trials[0]
    return {
        "study": study,
        "examples": {
            "train": first.observed.train_examples,
            "validation": first.observed.validation_examples,
        },
        "rows": list(spreads(results)),
    }


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.spread", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--only", choices=[Path(study).stem for study in STUDIES])
    parser.add_argument("--keep", type=Path, help="keep the runs in this folder")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "spread.json")
    options = parser.parse_args()
    found = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        for number, study in enumerate(STUDIES):
            if options.only in (None, Path(study).stem):
                found.append(measure(study, options.seeds, folder / f"{number}-{Path(study).stem}"))
                for row in found[-1]["rows"]:
                    print(f"{study}: {row['variant']}: {100 * row['paired_std']:.2f}", flush=True)
    result = {
        "date": datetime.now(UTC).date().isoformat(),
        "command": " ".join(["python -m benchmarks.spread", *sys.argv[1:]]),
        "machine": describe_self(),
        "studies": found,
    }
    options.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
