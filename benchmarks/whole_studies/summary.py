"""From raw measurements to the figures that are published. Plain data in, plain data out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median
from typing import Any

from benchmarks.measuring.ratios import Ratio, paired_ratio

OWN = "paribus"


@dataclass(frozen=True)
class ArmSummary:
    """One arm of one workload."""

    arm: str
    seconds: float
    """Median over rounds, whole processes."""
    ratio: Ratio
    """Times longer than paribus."""
    step_microseconds: float
    """Training alone, per example on the whole machine, first epochs dropped."""
    step_ratio: float
    peak_bytes: int
    cpu_seconds: float
    val_accuracy: float


def summarize(workload: Mapping[str, Any]) -> list[ArmSummary]:
    """Return a workload's arms, fastest first.

    Args:
        workload: an entry of the result's ``workloads``.
    """
    runs: Sequence[Mapping[str, Any]] = workload["runs"]
    arms = sorted({run["arm"] for run in runs})
    own = _seconds(runs, OWN)
    own_step = _step(runs, OWN)
    result = []
    for arm in arms:
        mine = [run for run in runs if run["arm"] == arm]
        step = _step(runs, arm)
        accuracies = [trial["val_accuracy"] for run in mine for trial in run["trials"]]
        result.append(
            ArmSummary(
                arm=arm,
                seconds=median(run["seconds"] for run in mine),
                ratio=paired_ratio(_seconds(runs, arm), own),
                step_microseconds=step,
                step_ratio=step / own_step,
                peak_bytes=int(median(run["peak_bytes"] for run in mine)),
                cpu_seconds=median(run["cpu_seconds"] for run in mine),
                val_accuracy=mean(accuracies),
            )
        )
    return sorted(result, key=lambda item: item.seconds)


def _seconds(runs: Sequence[Mapping[str, Any]], arm: str) -> list[float]:
    return [run["seconds"] for run in sorted(runs, key=lambda r: r["round"]) if run["arm"] == arm]


def _step(runs: Sequence[Mapping[str, Any]], arm: str) -> float:
    """Microseconds per example: median epoch of each trial, averaged over trials."""
    per_run = []
    for run in runs:
        if run["arm"] != arm:
            continue
        costs = [
            median(trial["epoch_seconds"][1:] or trial["epoch_seconds"])
            / (trial["work"]["trained"] / len(trial["epoch_seconds"]))
            for trial in run["trials"]
        ]
        per_run.append(mean(costs) / concurrency(arm) * 1e6)
    return median(per_run)


def concurrency(arm: str) -> int:
    """Return how many trials an arm trains at the same time."""
    return 2 if arm in (OWN, "keras-two", "torch-tuned") else 1


def variant_steps(workload: Mapping[str, Any], arm: str) -> dict[str, float]:
    """Return microseconds per training example on the whole machine, by variant."""
    found: dict[str, list[float]] = {}
    for run in workload["runs"]:
        for trial in run["trials"] if run["arm"] == arm else ():
            seconds = median(trial["epoch_seconds"][1:] or trial["epoch_seconds"])
            size = trial["work"]["trained"] / len(trial["epoch_seconds"])
            found.setdefault(trial["variant"], []).append(seconds / size / concurrency(arm) * 1e6)
    return {name: median(values) for name, values in found.items()}


def shares_of_limit(
    workload: Mapping[str, Any], limits: Sequence[Mapping[str, Any]]
) -> dict[str, float]:
    """Return, by variant, how much of the machine's matrix-product rate paribus reaches in training.

    Args:
        workload: an entry of the result's ``workloads``.
        limits: measured in the same run; three times the forward pass is counted.
    """
    rate = max(item["all_cores"][workload["precision"]] for item in limits)
    steps = variant_steps(workload, OWN)
    return {
        name: 3 * flop / (steps[name] * 1e-6) / rate
        for name, flop in workload["forward_flop"].items()
    }
