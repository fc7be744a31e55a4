"""The arms of a comparison: how each is started, and how its result is read."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.whole_studies.workloads import STUDIES, Prepared, Work

PARIBUS_COMMAND = str(Path(sys.executable).with_name("paribus"))
PEERS = Path(__file__).parent / "peers"

# The allocator settings that paribus gives its own workers; the tuned loop gets them too.
MEMORY_KEPT = {
    "MALLOC_MMAP_THRESHOLD_": "1073741824",
    "MALLOC_TRIM_THRESHOLD_": "4294967296",
    "MALLOC_TOP_PAD_": "67108864",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    "THP_MEM_ALLOC_ENABLE": "1",
}


@dataclass(frozen=True)
class Arm:
    """One way to run a workload."""

    name: str
    label: str
    script: str = ""
    """Peers: the file that runs it; empty for paribus."""
    style: str = "student"
    processes: int = 1
    """Peers: each takes a share of the trials; with several, each has one thread."""
    environment: Mapping[str, str] = field(default_factory=dict)
    precision: str | None = None
    """Instead of the workload's."""


PARIBUS = Arm("paribus", "paribus")
ARMS = (
    PARIBUS,
    Arm("keras", "Keras on TensorFlow, as a student writes it", "keras_peer.py"),
    Arm("keras-tuned", "Keras on TensorFlow, tuned", "keras_peer.py", "tuned"),
    Arm("keras-two", "Keras on TensorFlow, tuned, 2 processes", "keras_peer.py", "tuned", 2),
    Arm("torch", "PyTorch, the tutorial's loop", "torch_peer.py"),
    Arm("torch-tuned", "PyTorch, tuned, 2 processes", "torch_peer.py", "tuned", 2, MEMORY_KEPT),
    Arm("lightning", "PyTorch Lightning", "lightning_peer.py"),
)
NARROW = ("paribus", "keras-tuned", "keras-two", "torch-tuned")
"""Arms that can train in bf16."""


@dataclass(frozen=True)
class Commands:
    """What to start for an arm; all of it is one measurement."""

    commands: tuple[tuple[str, ...], ...]
    environment: Mapping[str, str]
    results: tuple[Path, ...]


@dataclass(frozen=True)
class TrialReport:
    """What a trial did, as the arm counted it."""

    variant: str
    seed: int
    work: Work
    epoch_seconds: tuple[float, ...]
    val_accuracy: float


def commands_of(arm: Arm, prepared: Prepared, folder: Path, python: str) -> Commands:
    """Return the processes of an arm.

    Args:
        arm: what to start.
        prepared: the workload, exported to ``folder / "data"``.
        folder: for orders and results; emptied by the caller.
        python: interpreter of the peers' environment.
    """
    if not arm.script:
        return _paribus(prepared, folder)
    commands, results = [], []
    for index in range(arm.processes):
        trials = prepared.trials[index :: arm.processes]
        result = folder / f"result-{index}.json"
        order = {
            "trials": trials,
            "precision": prepared.workload.precision,
            "style": arm.style,
            "threads": 1 if arm.processes > 1 else 0,
            "data": str(folder / "data"),
            "result": str(result),
        }
        path = folder / f"order-{index}.json"
        path.write_text(json.dumps(order))
        commands.append((python, str(PEERS / arm.script), str(path)))
        results.append(result)
    threads = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"} if arm.processes > 1 else {}
    return Commands(tuple(commands), {**arm.environment, **threads}, tuple(results))


def _paribus(prepared: Prepared, folder: Path) -> Commands:
    workload, size = prepared.workload, prepared.size
    command = [PARIBUS_COMMAND, "run", str(STUDIES / workload.file)]
    command += ["--out", str(folder / "out"), "--seeds", str(size.seeds)]
    for override in workload.overrides(size):
        command += ["--set", override]
    for name in workload.only:
        command += ["--only", name]
    return Commands((tuple(command),), {}, (folder / "out",))


def reports_of(commands: Commands) -> list[TrialReport]:
    """Read what the processes of an arm have left."""
    reports = []
    for path in commands.results:
        if path.suffix == ".json":
            for plain in json.loads(path.read_text()):
                reports.append(_peer_report(plain))
        else:
            reports += _paribus_reports(path)
    return reports


def _peer_report(plain: Mapping[str, Any]) -> TrialReport:
    work = Work(plain["parameters"], plain["steps"], plain["trained"], plain["evaluated"])
    return TrialReport(
        plain["variant"], plain["seed"], work, tuple(plain["epoch_seconds"]), plain["val_accuracy"]
    )


def _paribus_reports(out: Path) -> list[TrialReport]:
    import paribus

    reports = []
    for trial in paribus.open_results(out).summary.trials:
        seen = trial.observed
        examples = seen.train_examples
        work = Work(
            parameters=seen.parameters,
            steps=seen.optimizer_steps,
            trained=examples * trial.epochs,
            evaluated=seen.evaluated_examples,
        )
        seconds = tuple(examples / record.samples_per_second for record in trial.curves)
        accuracy = trial.metrics["val_accuracy"]
        reports.append(TrialReport(trial.variant, trial.seed, work, seconds, accuracy))
    return reports


def differences(reports: Sequence[TrialReport], prepared: Prepared) -> list[str]:
    """Say where an arm did other work than it should; empty if it did the same."""
    wanted = {(trial["variant"], trial["seed"]) for trial in prepared.trials}
    done = {(report.variant, report.seed) for report in reports}
    found = [f"trials differ: {sorted(wanted ^ done)}"] if wanted != done else []
    for report in reports:
        expected = prepared.work.get(report.variant)
        if expected is not None and report.work != expected:
            found.append(f"{report.variant}, seed {report.seed}: {report.work} is not {expected}")
    return found
