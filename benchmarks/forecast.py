"""Is `plan` right? Its forecast of time and memory beside what `run` then takes.

    python -m benchmarks.forecast

Every study is planned and run as a user would, in turn; writes results/forecast.json.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.measuring.machine import describe_self
from benchmarks.measuring.processes import run
from benchmarks.whole_studies.arms import PARIBUS_COMMAND
from benchmarks.whole_studies.workloads import STUDIES, WORKLOADS, Workload

ROOT = Path(__file__).parent
TOLERANCE = 0.3


def measure(workload: Workload, size: str) -> dict[str, Any]:
    """Forecast a study, then run it."""
    chosen = workload.sizes[size]
    arguments = [str(STUDIES / workload.file), "--seeds", str(chosen.seeds)]
    for override in workload.overrides(chosen):
        arguments += ["--set", override]
    done = subprocess.run(
        [PARIBUS_COMMAND, "plan", *arguments, "--json"], capture_output=True, text=True, check=True
    )
    estimate = json.loads(done.stdout)["estimate"]
    with tempfile.TemporaryDirectory(prefix="paribus-bench-") as folder:
        command = [PARIBUS_COMMAND, "run", *arguments, "--out", f"{folder}/out"]
        measured = run([command], {}, Path(folder) / "log.txt")
    return {
        "workload": workload.name,
        "forecast_seconds": estimate["seconds"],
        "seconds": measured.seconds,
        "time_ratio": estimate["seconds"] / measured.seconds,
        "forecast_bytes": estimate["memory_bytes"],
        "bytes": measured.peak_bytes,
        "memory_ratio": estimate["memory_bytes"] / measured.peak_bytes,
    }


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.forecast", description=__doc__)
    parser.add_argument("--size", choices=("quick", "normal", "full"), default="normal")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "forecast.json")
    options = parser.parse_args()
    rows = []
    for workload in WORKLOADS:
        row = measure(workload, options.size)
        rows.append(row)
        print(
            f"{row['workload']}: {row['forecast_seconds']:.1f} s forecast, {row['seconds']:.1f} s "
            f"taken ({row['time_ratio']:.2f}); {row['forecast_bytes'] / 1e9:.2f} GB forecast, "
            f"{row['bytes'] / 1e9:.2f} GB taken ({row['memory_ratio']:.2f})",
            flush=True,
        )
    ratios = [row[key] for row in rows for key in ("time_ratio", "memory_ratio")]
    within = all(1 - TOLERANCE <= ratio <= 1 + TOLERANCE for ratio in ratios)
    print(f"all within {TOLERANCE:.0%}: {'yes' if within else 'no'}")
    result = {
        "date": datetime.now(UTC).date().isoformat(),
        "command": " ".join(["python -m benchmarks.forecast", *sys.argv[1:]]),
        "machine": describe_self(),
        "within": within,
        "workloads": rows,
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
