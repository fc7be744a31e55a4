"""Compare whole studies with what people would otherwise run: `make bench`.

One invocation, one machine: every round runs every arm in random order, and a ratio is printed only
if the arm did the same work. Writes JSON, a table and a chart.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.measuring.machine import describe_machine
from benchmarks.measuring.processes import ArmError, Busy, load, run, wait_for_quiet
from benchmarks.table import markdown
from benchmarks.whole_studies.arms import (
    ARMS,
    NARROW,
    PARIBUS,
    Arm,
    commands_of,
    differences,
    reports_of,
)
from benchmarks.whole_studies.chart import write_chart
from benchmarks.whole_studies.scaling import measure_scaling
from benchmarks.whole_studies.workloads import WORKLOADS, Prepared, Workload, export, prepare
from paribus.errors import ParibusError

RESULTS = Path(__file__).parent / "results"
PYTHON = Path(".venv-bench") / "bin" / "python"


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--size", choices=("quick", "normal", "full"), default="normal")
    parser.add_argument("--quick", action="store_const", const="quick", dest="size")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--busy", action="store_true", help="beside one busy background process")
    parser.add_argument("--only", action="append", help="only this workload (may be repeated)")
    parser.add_argument("--arm", action="append", help="only these arms beside paribus")
    parser.add_argument(
        "--scaling", action="store_true", help="also cost against seeds and variants"
    )
    parser.add_argument("--python", default=str(PYTHON), help="interpreter that has the peers")
    parser.add_argument(
        "--merge", action="store_true", help="put the workloads into --out, keeping its others"
    )
    parser.add_argument("--out", type=Path, default=RESULTS / "cpu.json")
    return parser.parse_args()


def arms_for(workload: Workload, chosen: Sequence[str] | None) -> list[Arm]:
    """Return the arms that can run a workload."""
    names = [arm.name for arm in ARMS] if workload.precision == "fp32" else list(NARROW)
    return [
        arm
        for arm in ARMS
        if arm.name in names and (not chosen or arm is PARIBUS or arm.name in chosen)
    ]


def measure_arm(
    arm: Arm, prepared: Prepared, folder: Path, options: argparse.Namespace
) -> dict[str, Any]:
    """Run an arm once and check its work.

    Raises:
        SystemExit: it did other work than the study asks for.
    """
    for path in folder.glob("*"):
        if path.name == "out":
            shutil.rmtree(path)
        elif path.is_file():
            path.unlink()
    commands = commands_of(arm, prepared, folder, options.python)
    busy_before = load() if options.busy else wait_for_quiet()
    measured = run(commands.commands, commands.environment, folder / "log.txt")
    reports = reports_of(commands)
    if found := differences(reports, prepared):
        raise SystemExit(
            f"{prepared.workload.name}, {arm.label} did other work:\n" + "\n".join(found)
        )
    return {
        "arm": arm.name,
        "load_before": busy_before,
        **asdict(measured),
        "trials": [asdict(report) for report in reports],
    }


def measure_workload(workload: Workload, options: argparse.Namespace) -> dict[str, Any]:
    """Run all arms in interleaved rounds."""
    size = workload.sizes[options.size]
    prepared = prepare(workload, size)
    arms = arms_for(workload, options.arm)
    runs: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="paribus-bench-") as name:
        folder = Path(name)
        export(prepared, folder / "data")
        for number in range(options.rounds):
            for arm in random.sample(arms, len(arms)):
                measured = measure_arm(arm, prepared, folder, options)
                runs.append({"round": number, **measured})
                seconds = measured["seconds"]
                print(
                    f"{workload.name}, round {number + 1}, {arm.name}: {seconds:.1f} s", flush=True
                )
    return {
        "workload": workload.name,
        "precision": workload.precision,
        "size": asdict(size),
        "work": {name: asdict(work) for name, work in prepared.work.items()},
        "forward_flop": prepared.forward_flop,
        "trials": len(prepared.trials),
        "runs": runs,
    }


def measure_limits() -> dict[str, Any]:
    """Return the machine's rates, measured by processes of their own."""
    script = Path(__file__).parent / "measuring" / "limits.py"
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def main() -> None:
    """Measure everything and write it down."""
    options = arguments()
    chosen = [w for w in WORKLOADS if not options.only or w.name in options.only]
    if not chosen:
        names = ", ".join(w.name for w in WORKLOADS)
        raise SystemExit(f"--only: must name a workload ({names}), got {options.only}")
    if not Path(options.python).exists():
        raise SystemExit(f"--python: must be an interpreter with the peers, got {options.python}")
    try:
        result = measure(chosen, options)
    except (ArmError, ParibusError) as error:
        raise SystemExit(str(error)) from None
    if options.merge and options.out.exists():
        result = merged(json.loads(options.out.read_text()), result)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n")
    write_chart(result, options.out.with_suffix(".svg"))
    print(markdown(result))
    print(f"written: {options.out}")


def merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Return an older result in which newly measured workloads take the place of their namesakes.

    Each workload was measured within one run; limits of both runs are kept.

    Raises:
        SystemExit: the two were not measured on one machine in one size.
    """
    for key in ("machine", "size", "busy"):
        if old[key] != new[key]:
            raise SystemExit(f"--merge: {key} must be the same, got {old[key]} and {new[key]}")
    measured = {item["workload"]: item for item in new["workloads"]}
    known = {item["workload"] for item in old["workloads"]}
    workloads = [measured.get(item["workload"], item) for item in old["workloads"]]
    workloads += [item for name, item in measured.items() if name not in known]
    return {
        **new,
        "command": f"{old['command']}; {new['command']}",
        "limits": [*old["limits"], *new["limits"]],
        "workloads": workloads,
        "scaling": new["scaling"] or old["scaling"],
    }


def measure(chosen: Sequence[Workload], options: argparse.Namespace) -> dict[str, Any]:
    """Measure the workloads; the machine's limits before and after."""
    with Busy() if options.busy else nullcontext():
        limits = [measure_limits()]
        workloads = [measure_workload(workload, options) for workload in chosen]
        scaling = measure_scaling(options.size) if options.scaling else None
        limits.append(measure_limits())
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "command": "python -m benchmarks " + " ".join(sys.argv[1:]),
        "size": options.size,
        "busy": options.busy,
        "machine": describe_machine(options.python),
        "limits": limits,
        "workloads": workloads,
        "scaling": scaling,
    }


if __name__ == "__main__":
    main()
