"""Do verdicts err as rarely as promised? Simulated studies through the product's own judging.

    make calibrate

Writes benchmarks/results/calibration.json and ends with code 1 if a rate is above what is promised.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.calibration.scenarios import SCENARIOS, happened

ROOT = Path(__file__).parents[1]
FULL = 10_000
SHARES = 8


def count(number: int, rounds: int, stream: int) -> int:
    """Simulate studies of the scenario with a number, and count its event."""
    draws = np.random.default_rng([stream, number])
    return sum(happened(SCENARIOS[number], draws) for _ in range(rounds))


def measure(studies: int, only: str = "") -> Iterator[dict[str, Any]]:
    """Simulate every scenario whose name holds ``only``, spread over the cores."""
    rounds = studies // SHARES
    with ProcessPoolExecutor() as pool:
        for number, scenario in enumerate(SCENARIOS):
            if only not in scenario.name:
                continue
            rate = sum(pool.map(partial(count, number, rounds), range(SHARES))) / (rounds * SHARES)
            yield {
                "scenario": scenario.name,
                "studies": rounds * SHARES,
                "rate": rate,
                "promised": [scenario.low, scenario.high] if scenario.promised else None,
                "kept": not scenario.promised or scenario.low <= rate <= scenario.high,
            }


def said(row: dict[str, Any]) -> str:
    """Return a row of the results as a line."""
    rate = f"{row['scenario']}: {row['rate']:.2%} of {row['studies']:,} studies"
    if row["promised"] is None:
        return f"{rate} (not promised)"
    low, high = row["promised"]
    word = "kept" if row["kept"] else "BROKEN"
    return f"{rate} (promised: {low:.1%} to {high:.1%}): {word}"


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibration", description=__doc__)
    parser.add_argument("--studies", type=int, default=FULL)
    parser.add_argument(
        "--only", default="", help="part of a name; other rows are kept as they are"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "calibration.json")
    options = parser.parse_args()
    rows = []
    for row in measure(options.studies, options.only):
        rows.append(row)
        print(said(row), flush=True)
    if options.only and options.out.exists():
        new = {row["scenario"]: row for row in rows}
        old = json.loads(options.out.read_text())["scenarios"]
        kept = {row["scenario"]: row for row in old} | new
        rows = [kept[item.name] for item in SCENARIOS if item.name in kept]
    fewer = "" if options.studies == FULL else f" --studies {options.studies}"
    result = {
        "date": datetime.now(UTC).date().isoformat(),
        "command": f"python -m benchmarks.calibration{fewer}",
        "scenarios": rows,
    }
    options.out.write_text(json.dumps(result, indent=1) + "\n")
    raise SystemExit(0 if all(row["kept"] for row in rows) else 1)


if __name__ == "__main__":
    main()
