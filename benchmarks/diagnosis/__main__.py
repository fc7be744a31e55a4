"""Do checks name the mistake? Mistakes injected into clean studies, and clean studies left alone.

    make diagnose

Every study is really trained, on the 8 x 8 digits. A mistake counts as found if its check warns of
it, and as explained if that finding comes first. Clean studies are drawn by a seed; a warning or an
error there is a false alarm, in the hard ones unless it is true (`benchmarks.diagnosis.clean_studies`). Writes
results/diagnosis.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.diagnosis.clean_studies import examine_clean, examine_hard
from benchmarks.diagnosis.mistakes import MISTAKES, inject
from benchmarks.measuring.machine import describe_self

ROOT = Path(__file__).parents[1]


def measure(clean: int, hard: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Examine every form of every mistake, then clean studies, spread over the cores."""
    forms = [(name, form) for name, (_, items) in MISTAKES.items() for form in range(len(items))]
    with ProcessPoolExecutor() as pool:
        rows = (
            ("injected", pool.map(inject, *zip(*forms, strict=True))),
            ("clean", pool.map(examine_clean, range(clean))),
            ("hard", pool.map(examine_hard, range(hard))),
        )
        for kind, found in rows:
            for row in found:
                _say(kind, row)
                yield kind, row


def _say(kind: str, row: dict[str, Any]) -> None:
    """Print what was found of a mistake, or what was said of a clean study."""
    if kind == "injected":
        said = ", ".join(row["said"]) or "nothing said"
        print(f"{row['mistake']}, form {row['form'] + 1}: {said}", flush=True)
    elif row["alarms"]:
        which = f"{row.get('kind', 'clean')}, study {row['seed']}"
        print(f"{which}: {'; '.join(row['alarms'])}", flush=True)


def summary(rows: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Return the shares that were promised."""
    injected = rows["injected"]
    return {
        "found": sum(row["found"] for row in injected) / len(injected),
        "first": sum(row["said"][:1] == [row["check"]] for row in injected) / len(injected),
        "false_alarms": sum(bool(row["alarms"]) for row in rows["clean"]),
        "false_alarms_hard": sum(bool(row["alarms"]) for row in rows["hard"]),
    }


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.diagnosis", description=__doc__)
    parser.add_argument("--clean", type=int, default=100, help="clean studies of the usual kind")
    parser.add_argument("--hard", type=int, default=200, help="clean studies of the hard kinds")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "diagnosis.json")
    options = parser.parse_args()
    start = time.perf_counter()
    rows: dict[str, list[dict[str, Any]]] = {"injected": [], "clean": [], "hard": []}
    for kind, row in measure(options.clean, options.hard):
        rows[kind].append(row)
    found = summary(rows)
    print(
        f"found {found['found']:.0%}, first {found['first']:.0%}, false alarms: "
        f"{found['false_alarms']} in {options.clean} usual and {found['false_alarms_hard']} in "
        f"{options.hard} hard clean studies"
    )
    result = {
        "date": datetime.now(UTC).date().isoformat(),
        "command": " ".join(["python -m benchmarks.diagnosis", *sys.argv[1:]]),
        "processor": describe_self()["processor"],
        "seconds": round(time.perf_counter() - start),
        **found,
        **rows,
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n")
    raise SystemExit(0 if _kept(found, options.clean, options.hard) else 1)


def _kept(found: dict[str, Any], clean: int, hard: int) -> bool:
    """Return whether the promises are kept."""
    return bool(
        found["found"] >= 0.95
        and found["first"] >= 0.9
        and found["false_alarms"] <= max(1, clean // 100)
        and found["false_alarms_hard"] <= max(1, hard // 100)
    )


if __name__ == "__main__":
    main()
