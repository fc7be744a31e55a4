"""The README's table of figures, from the committed JSON: `python -m benchmarks.table`."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.arms import ARMS
from benchmarks.ratios import Ratio
from benchmarks.summary import OWN, shares_of_limit, summarize

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- benchmarks:begin -->", "<!-- benchmarks:end -->"
LABELS = {arm.name: arm.label for arm in ARMS}


def markdown(result: Mapping[str, Any]) -> str:
    """Return all figures of a run as Markdown."""
    lines = [_heading(result), ""]
    for workload in result["workloads"]:
        lines += [f"**{workload['workload']}** ({_size(workload)})", ""]
        lines += [
            "| | seconds | ceteris is faster by | µs per training example | memory | val. accuracy |"
        ]
        lines += ["|---|--:|--:|--:|--:|--:|"]
        for item in summarize(workload):
            faster = "" if item.arm == OWN else _times(item.ratio)
            lines.append(
                f"| {LABELS[item.arm]} | {item.seconds:.1f} | {faster} | {item.step_microseconds:.1f}"
                f" | {item.peak_bytes / 1e9:.1f} GB | {item.val_accuracy:.1%} |"
            )
        shares = shares_of_limit(workload, result["limits"])
        reached = ", ".join(f"{name} {share:.0%}" for name, share in shares.items())
        lines += ["", f"Share of the machine's matrix-product rate: {reached}.", ""]
    return "\n".join(lines)


def headline(result: Mapping[str, Any]) -> str:
    """Return the short table of the README."""
    lines = [
        _heading(result),
        "",
        "| study | ceteris | Keras, as a student writes it | best tuned peer | PyTorch tutorial loop |",
        "|---|--:|--:|--:|--:|",
    ]
    for workload in result["workloads"]:
        arms = {item.arm: item for item in summarize(workload)}
        tuned = [arms[name] for name in ("keras-tuned", "keras-two", "torch-tuned") if name in arms]
        best = min(tuned, key=lambda item: item.ratio.median) if tuned else None
        cells = [
            f"{arms[OWN].seconds:.0f} s",
            _cell(arms.get("keras")),
            f"{_times(best.ratio)} ({LABELS[best.arm].split(',')[0]})" if best else "",
            _cell(arms.get("torch")),
        ]
        lines.append(f"| {workload['workload']} ({_size(workload)}) | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(item: Any) -> str:
    return _times(item.ratio) if item else ""


def _times(ratio: Ratio) -> str:
    text = f"{ratio.median:.2f}x"
    return text if math.isnan(ratio.low) else f"{text} [{ratio.low:.2f}, {ratio.high:.2f}]"


def _size(workload: Mapping[str, Any]) -> str:
    work = next(iter(workload["work"].values()))
    epochs = workload["size"]["epochs"]
    examples = work["trained"] // epochs
    return f"{workload['trials']} trials, {examples:,} images, {epochs} epochs"


def _heading(result: Mapping[str, Any]) -> str:
    machine = result["machine"]
    rounds = 1 + max(run["round"] for item in result["workloads"] for run in item["runs"])
    beside = ", beside one busy process" if result["busy"] else ""
    return (
        f"Measured {result['date']} on {machine['cores']} cores of {machine['processor']}{beside}: "
        f"whole processes, {rounds} interleaved rounds, medians with 95 % intervals of the ratios; "
        f"ceteris {machine['versions']['ceteris']}, torch {machine['versions']['torch']}, "
        f"keras {machine['peers']['keras']} on tensorflow {machine['peers']['tensorflow-cpu']}."
    )


def updated(readme: str, result: Mapping[str, Any]) -> str:
    """Return the README with the table between its markers.

    Raises:
        ValueError: a marker is missing.
    """
    if BEGIN not in readme or END not in readme:
        raise ValueError(f"the README must hold {BEGIN} and {END}")
    before, rest = readme.split(BEGIN, 1)
    return f"{before}{BEGIN}\n{headline(result)}\n{END}{rest.split(END, 1)[1]}"


def main() -> None:
    """Write the table into the README."""
    result = json.loads((ROOT / "benchmarks" / "results" / "cpu.json").read_text())
    path = ROOT / "README.md"
    path.write_text(updated(path.read_text(encoding="utf-8"), result), encoding="utf-8")
    print(f"written: {path}")


if __name__ == "__main__":
    main()
